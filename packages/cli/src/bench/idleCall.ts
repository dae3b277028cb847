import * as tf from '@tensorflow/tfjs-core';
import { COEFFICIENTS } from '@ddpm-fleet/diffusion';
import type { Engine, HostArray } from '@ddpm-fleet/engine';

const CALLS = 200;

/**
 * What a call of a program costs beside what it computes: a program with the inputs and the images of a sampler step
 * that only adds to the images.
 * @returns a function that gives the seconds of one call, mean of many
 */
export async function idleCall(engine: Engine, shape: readonly number[]): Promise<() => number> {
  const [batch] = shape as [number];
  const inputs: Record<string, HostArray> = {
    t: new Float32Array(batch),
    coefficients: new Float32Array(COEFFICIENTS.length),
    ...{ seed: new Int32Array(1), position: new Int32Array(2), stream: new Int32Array(2) },
  };
  const module = await engine.load({
    name: 'idle',
    variables: { x: { shape } },
    programs: {
      step: {
        inputs: Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, specOf(values)])),
        body: ({ input, read }) => {
          const sums = Object.keys(inputs).map((name) => tf.sum(tf.cast(input(name), 'float32')));
          return { assign: { x: tf.add(read('x'), tf.addN(sums)) } };
        },
      },
    },
  });
  return () => {
    const started = performance.now();
    for (let i = 0; i < CALLS; i++) module.run('step', inputs);
    return (performance.now() - started) / 1000 / CALLS;
  };
}

function specOf(values: HostArray): { shape: readonly number[]; dtype: 'float32' | 'int32' } {
  return { shape: [values.length], dtype: values instanceof Float32Array ? 'float32' : 'int32' };
}
