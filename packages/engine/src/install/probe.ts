/** Run as a process with an addon's path: loads it, runs ops with a known answer, and prints an `EngineProbe`. */
import { loadTensorflow } from '../backends/tensorflow/load.js';
import type { EngineProbe } from './verify.js';

function probe(addonPath: string): EngineProbe {
  const startedAt = performance.now();
  const { tf, backend } = loadTensorflow(addonPath);
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync();
  const image: ReturnType<typeof tf.tensor4d> = tf.ones([1, 4, 4, 1]);
  const sum = tf.sum(tf.conv2d(image, tf.ones([3, 3, 1, 1]), 1, 'valid')).dataSync()[0];
  if ([...product].join() !== '19,22,43,50' || sum !== 36) {
    throw new Error(`wrong results: matMul gave ${[...product].join()}, conv2d summed to ${sum}`);
  }
  const loadMs = Math.round(performance.now() - startedAt);
  return { version: backend.binding.TF_Version, usesGpu: backend.isUsingGpuDevice, loadMs };
}

try {
  console.log(JSON.stringify(probe(process.argv[2]!)));
} catch (error) {
  console.error((error as Error).message.split('\n')[0]);
  process.exitCode = 1;
}
