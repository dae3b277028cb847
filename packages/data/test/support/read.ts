import { imageBytes, type Dataset } from '../../src/index.js';

export async function readSome(dataset: Dataset, indices: readonly number[]): Promise<Uint8Array> {
  const out = new Uint8Array(indices.length * imageBytes(dataset));
  await dataset.read(indices, out);
  return out;
}

export function readAll(dataset: Dataset): Promise<Uint8Array> {
  return readSome(
    dataset,
    Array.from({ length: dataset.size }, (_, i) => i),
  );
}
