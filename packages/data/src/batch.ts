import { imageBytes, type Dataset } from './dataset.js';
import { samplesAt } from './plan/order.js';

/** The images of consecutive stream positions. */
export interface Batch {
  /** Stream position of the first image. */
  readonly position: bigint;
  /** Index of each image in the data set. */
  readonly indices: Uint32Array;
  /** uint8 [count, imageSize, imageSize, channels], before flips: those belong to the position and happen on the device. */
  readonly images: Uint8Array;
  readonly labels?: Int32Array;
}

/**
 * Reads what stream positions [position, position + count) show.
 * @param dataset the part that is trained on
 */
export async function readBatch(
  dataset: Dataset,
  seed: number,
  position: bigint,
  count: number,
): Promise<Batch> {
  const indices = samplesAt(seed, dataset.size, position, count);
  const images = new Uint8Array(count * imageBytes(dataset));
  await dataset.read(indices, images);
  const labels = dataset.labels(indices);
  return { position, indices, images, ...(labels && { labels }) };
}
