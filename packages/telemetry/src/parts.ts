/** What a second of a worker can have gone to; each is of exactly one part. */
export const PARTS = {
  starting: 'connected, and not yet in the fleet: loads data, traces its programs, gets the state',
  compute:
    'has slots to finish that are new: reads images, applies the last update, computes, sends its sums',
  recompute: 'the same, of a step that the run had committed before and lost by going back',
  waiting: 'has sent its sums of the step; others have not',
  exchange: 'all sums are there; the last of them are added up and sent',
  detecting:
    'a worker is gone and nobody has noticed yet: the time of its silence, and of those who wait for it',
  saving: 'no step, because the run is saving its state as it ends',
  idle: 'no step, because the fleet is too small or looks for a state to go on from',
  away: 'its process ended and another of the same name took its place',
} as const;

export type Part = keyof typeof PARTS;

export const PART_NAMES = Object.keys(PARTS) as readonly Part[];

/** Seconds by part; parts of no time are left out. */
export type Parts = Readonly<Partial<Record<Part, number>>>;

export function sumOfParts(parts: Parts): number {
  return PART_NAMES.reduce((sum, part) => sum + (parts[part] ?? 0), 0);
}

export function addParts(all: Iterable<Parts>): Parts {
  const total: Partial<Record<Part, number>> = {};
  for (const parts of all)
    for (const part of PART_NAMES)
      if (parts[part] !== undefined) total[part] = (total[part] ?? 0) + parts[part];
  return total;
}

/** The share of the time that brought the run on: computing and adding up, of what was not lost again. */
export function goodput(parts: Parts): number {
  const all = sumOfParts(parts);
  return all === 0 ? 0 : ((parts.compute ?? 0) + (parts.exchange ?? 0)) / all;
}
