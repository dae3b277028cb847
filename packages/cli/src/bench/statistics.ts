export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The ratio of each pair, which drifts of the machine's speed leave alone. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value / b[i]!);
}

/** The newest rate of each contender. */
export function describeRound(rates: Readonly<Record<string, readonly number[]>>): string {
  return Object.entries(rates)
    .map(([name, values]) => `${name} ${values.at(-1)!.toFixed(2)}`)
    .join(', ');
}
