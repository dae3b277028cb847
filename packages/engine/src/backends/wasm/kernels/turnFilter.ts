import type * as tf from '@tensorflow/tfjs-core';
import { onHeap } from './heap.js';

/** [KH, KW, Ci, Co] turned by half a turn and with its channels exchanged: [KH, KW, Co, Ci]. */
export function turnFilter(backend: unknown, filter: tf.TensorInfo): tf.TensorInfo {
  const [height, width, inChannels, outChannels] = filter.shape as [number, number, number, number];
  const { out, to, from } = onHeap(backend, filter, [height, width, outChannels, inChannels]);
  const taps = height * width;
  const each = inChannels * outChannels;
  for (let tap = 0; tap < taps; tap++) {
    const source = (taps - 1 - tap) * each;
    for (let co = 0, at = tap * each; co < outChannels; co++) {
      for (let ci = 0; ci < inChannels; ci++) to[at++] = from[source + ci * outChannels + co]!;
    }
  }
  return out;
}
