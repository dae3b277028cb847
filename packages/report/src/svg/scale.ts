/** Maps values to where they are drawn. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

const TICKS = 5;

/** @param range where the first and the last value of the domain are drawn */
export function linear([low, high]: readonly [number, number], [from, to]: readonly [number, number]): Scale {
  const span = high - low || 1;
  const raw = span / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= low + span * 1.0001; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return { at: (value) => from + ((value - low) / span) * (to - from), ticks };
}

/** Of positive values. */
export function logarithmic(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): Scale {
  const [first, last] = [Math.log10(low), Math.log10(high)];
  const span = last - first || 1;
  const at = (value: number): number => from + ((Math.log10(value) - first) / span) * (to - from);
  const within = [1, 2, 5].flatMap((factor) =>
    Array.from(
      { length: Math.ceil(last) - Math.floor(first) + 1 },
      (_, i) => factor * 10 ** (Math.floor(first) + i),
    ),
  );
  const all = within.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001).toSorted((a, b) => a - b);
  const tens = all.filter((tick) => Math.abs(Math.log10(tick) % 1) < 1e-9);
  // Within less than a decade these are too few.
  if (all.length < 3) return { at, ticks: linear([low, high], [from, to]).ticks };
  return { at, ticks: all.length > 2 * TICKS ? tens : all };
}

/** 1234 -> '1,234', 0.00012 -> '1.2e-4' */
export function tickText(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3
    ? value.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
    : Number(value.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 4 });
}
