import * as tf from '@tensorflow/tfjs-core';
import {
  openEngine,
  type Engine,
  type HostArray,
  type ModuleSpec,
  type TensorSpec,
} from '../../src/index.js';
import { ensureInstalled } from '../installed.js';

const options = { kind: 'tensorflow', precision: 'float32', threads: 1 } as const;

export async function openCompiled(precision: 'float32' | 'bfloat16' = 'float32'): Promise<Engine> {
  await ensureInstalled();
  return openEngine({ ...options, precision, compiled: true });
}

/** The same TensorFlow, op by op: what the compiled engine is held to. */
export async function openEager(): Promise<Engine> {
  await ensureInstalled();
  return openEngine({ ...options, compiled: false });
}

/** Values on a sine: fixed, of both signs, without symmetry. */
export function wave(size: number, phase = 0, scale = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => scale * Math.sin(1.7 * i + phase + 0.01 * i * i));
}

export function sizeOf({ shape }: Pick<TensorSpec, 'shape'>): number {
  return tf.util.sizeFromShape([...shape]);
}

/** A module of one program without variables. */
export function oneProgram(
  inputs: Record<string, TensorSpec>,
  body: (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>,
): ModuleSpec {
  const names = Object.keys(inputs);
  return {
    name: 'one',
    variables: {},
    programs: {
      run: {
        inputs,
        body: ({ input }) => ({
          outputs: body(Object.fromEntries(names.map((name) => [name, input(name)]))),
        }),
      },
    },
  };
}

export async function runOnce(
  engine: Engine,
  spec: ModuleSpec,
  inputs: Record<string, HostArray> = {},
): Promise<Record<string, HostArray>> {
  const module = await engine.load(spec);
  try {
    return module.run('run', inputs);
  } finally {
    module.dispose();
  }
}
