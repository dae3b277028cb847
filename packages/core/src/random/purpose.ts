/**
 * What an addressed random number is for: the second word of the Philox key. Numbers are part of every run's
 * identity: add, never change. Dropout of layer i has purpose `dropout + i`.
 */
export const Purpose = {
  t: 1,
  noise: 2,
  flip: 3,
  labelDrop: 4,
  selfCondition: 5,
  offsetNoise: 6,
  permutation: 7,
  init: 8,
  heldOutT: 9,
  heldOutNoise: 10,
  sampleStart: 11,
  sampleStep: 12,
  interpolate: 13,
  evaluate: 14,
  stratifiedT: 15,
  dropout: 1024,
} as const;
