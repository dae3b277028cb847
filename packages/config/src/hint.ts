import { LEAVES } from './schema.js';

/** The setting that an unknown key probably means: same last word, or fewest edits. */
export function hintFor(path: string): string {
  const last = path.split('.').at(-1)!;
  const best = [...LEAVES.keys()]
    .map((known) => ({
      known,
      distance: Math.min(edits(path, known), edits(last, known.split('.').at(-1)!) + 1),
    }))
    .toSorted((a, b) => a.distance - b.distance)[0]!;
  return best.distance <= 4
    ? `Did you mean ${best.known}?`
    : 'The settings are listed by `ddpm-fleet launch --help`.';
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
