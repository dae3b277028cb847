import { fleetError } from '@ddpm-fleet/core';
import type { Dataset } from './dataset.js';

/** The two parts of a data set. Both name the whole's hash, which is what identifies a run. */
export interface Split {
  readonly train: Dataset;
  readonly heldOut: Dataset;
}

/**
 * The last `n` images in index order are held out and never trained on. Closing the whole closes both parts.
 * @throws DDPM_ERR_DATA_HELD_OUT when nothing is left to train on
 */
export function splitHeldOut(dataset: Dataset, n: number): Split {
  const { size } = dataset;
  if (n >= size) throw fleetError('DDPM_ERR_DATA_HELD_OUT', { heldOut: n, size });
  return { train: part(dataset, 0, size - n), heldOut: part(dataset, size - n, n) };
}

function part(whole: Dataset, start: number, size: number): Dataset {
  const inWhole = (indices: ArrayLike<number>) =>
    Uint32Array.from(indices, (index) => checked(index, size) + start);
  return {
    ...whole,
    size,
    read: async (indices, out) => whole.read(inWhole(indices), out),
    labels: (indices) => whole.labels(inWhole(indices)),
    close: async () => {},
  };
}

function checked(index: number, size: number): number {
  if (index >= 0 && index < size) return index;
  throw new RangeError(`there is no image ${index} in a part of ${size}`);
}
