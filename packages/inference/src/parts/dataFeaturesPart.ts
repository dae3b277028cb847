import { openDataset } from '@ddpm-fleet/data';
import { FeatureModel } from '../fid/features.js';
import { addMoments, momentsOf, type Moments } from '../fid/moments.js';
import { partRange, type ComputePart, type DataFeaturesTask } from './task.js';

/** Moments of the features of a data set's images. */
export async function openDataFeaturesPart(task: DataFeaturesTask): Promise<ComputePart> {
  const dataset = await openDataset(task.data);
  const features = await FeatureModel.open(task.features);
  const { imageSize: size, channels } = dataset;
  return async (part, onStep) => {
    const { first, count } = partRange(task, part);
    let total: Moments | undefined;
    for (let done = 0; done < count; done += task.batch) {
      const indices = Array.from({ length: Math.min(task.batch, count - done) }, (_, i) => first + done + i);
      const pixels = new Uint8Array(indices.length * size * size * channels);
      await dataset.read(indices, pixels);
      const { values, dimensions } = features.features({ pixels, count: indices.length, size, channels });
      total = addMoments(total, momentsOf(values, dimensions));
      onStep();
    }
    return { sum: total!.sum, products: total!.products };
  };
}
