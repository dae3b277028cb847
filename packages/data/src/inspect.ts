import { contactSheet } from './contactSheet.js';
import { imageBytes, type Dataset, type SkippedImage } from './dataset.js';

/** What `data inspect` says of a data set. */
export interface DatasetFacts {
  readonly name: string;
  readonly count: number;
  /** Width and height in pixels. */
  readonly size: number;
  readonly channels: number;
  /** Decoded. */
  readonly sizeBytes: number;
  /** Images of each class; empty where the images have no labels. */
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly hash: string;
  readonly licence?: string;
  readonly skipped: readonly SkippedImage[];
}

export function inspectDataset(dataset: Dataset): DatasetFacts {
  const { name, size: count, imageSize: size, channels, hash, licence, skipped } = dataset;
  const sizeBytes = count * imageBytes(dataset);
  const facts = { name, count, size, channels, sizeBytes, classes: countClasses(dataset), hash, skipped };
  return { ...facts, ...(licence && { licence }) };
}

/** A PNG of `count` images spread evenly over the index order. */
export async function datasetSheet(dataset: Dataset, count = 64): Promise<Buffer> {
  const shown = Math.min(count, dataset.size);
  const indices = Array.from({ length: shown }, (_, i) => Math.floor((i * dataset.size) / shown));
  const images = new Uint8Array(shown * imageBytes(dataset));
  await dataset.read(indices, images);
  return contactSheet(images, dataset);
}

function countClasses(dataset: Dataset): { name: string; count: number }[] {
  const counts = dataset.classNames.map((name) => ({ name, count: 0 }));
  const labels = dataset.labels(Uint32Array.from({ length: dataset.size }, (_, index) => index));
  for (const label of labels ?? []) counts[label]!.count++;
  return counts;
}
