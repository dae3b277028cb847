import { picture, png } from './images.js';
import { tarBytes } from './tar.js';

const LABELS = [0, 1, 2, 0, 1, 2, 0];

/** Seven labelled pictures of 12 x 12 in two shards. */
export async function twoShards(): Promise<Record<string, Uint8Array>> {
  const members = async (indices: readonly number[]) => {
    const entries = indices.map(async (i) => [
      [`set/${i}.png`, await png(i, 12)] as const,
      [`set/${i}.cls`, String(LABELS[i])] as const,
    ]);
    return tarBytes(Object.fromEntries((await Promise.all(entries)).flat()));
  };
  return { 'x-0.tar': await members([0, 1, 2]), 'x-1.tar': await members([3, 4, 5, 6]) };
}

/** What is in them. */
export const EXPECTED = {
  images: LABELS.map((_, i) => picture(i, 12)),
  imageSize: 12,
  channels: 3,
  labels: LABELS,
  classNames: ['0', '1', '2'],
};
