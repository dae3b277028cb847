/**
 * What holds after every event that the machine has stepped on, by number. A simulation checks each of them; what
 * keeps one in the code names its number.
 */
export const INVARIANTS = {
  1: 'each slot counted once in a commit',
  2: 'commits in order, none twice',
  3: 'one result for one step',
  4: 'each part of each slot summed once, under its lease',
  5: 'units partition the slots',
  6: 'leases held by active workers',
  7: 'generations and steps go back only by a rewind',
} as const;
