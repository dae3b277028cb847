import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openTensorflow } from '../../src/backends/tensorflow/open.js';
import { openCompiledEngine } from '../../src/compile/index.js';
import { traceModule } from '../../src/compile/trace.js';
import { isClose } from '../../src/conformance/suite.js';
import {
  engineEnvironment,
  type Engine,
  type HostArray,
  type ModuleSpec,
  type TensorSpec,
} from '../../src/index.js';
import { ensureInstalled } from '../installed.js';
import { openEager, runOnce, sizeOf, wave } from './engines.js';
import {
  composedGroupNorm,
  DROPOUT,
  dropoutInputs,
  fusedGroupNorm,
  updateInputs,
  updateSpec,
  type NormShape,
} from './nativePrograms.js';

async function open(native: boolean): Promise<Engine> {
  await ensureInstalled();
  const options = { kind: 'tensorflow', compiled: true, precision: 'float32', threads: 1 } as const;
  const { backend, description } = await openTensorflow(options);
  return openCompiledEngine({ binding: backend.binding, description, native });
}

function bits(values: HostArray): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

/** Widths that fill whole registers and that do not, groups of one and of all channels, gains of all and of each image. */
const NORMS: readonly NormShape[] = [
  { B: 2, N: 64, C: 32, groups: 8, activation: 'silu', perImage: false },
  { B: 3, N: 130, C: 48, groups: 16, activation: 'none', perImage: false },
  { B: 2, N: 49, C: 20, groups: 4, activation: 'silu', perImage: true },
  { B: 1, N: 9, C: 7, groups: 7, activation: 'silu', perImage: false },
  { B: 2, N: 16, C: 12, groups: 1, activation: 'none', perImage: true },
  { B: 2, N: 5, C: 3, groups: 3, activation: 'silu', perImage: true },
];

function normSpec(shape: NormShape, op: typeof fusedGroupNorm): ModuleSpec {
  const { B, N, C, perImage } = shape;
  const inputs: Record<string, TensorSpec> = {
    x: { shape: [B, N, C], dtype: 'float32' },
    gain: { shape: [perImage ? B : 1, C], dtype: 'float32' },
    bias: { shape: [perImage ? B : 1, C], dtype: 'float32' },
    offset: { shape: [B, C], dtype: 'float32' },
  };
  const names = Object.keys(inputs);
  return {
    name: 'norm',
    variables: {},
    programs: {
      run: {
        inputs,
        body: ({ input }) => {
          const values = names.map(input);
          const z = op(values, shape);
          const weight = tf.tensor(wave(B * N * C, 5), [B, N, C]);
          const grads = tf.grads((...xs) => tf.sum(tf.mul(op(xs, shape), weight)))(values);
          return { outputs: { z, ...Object.fromEntries(names.map((name, i) => [`d_${name}`, grads[i]!])) } };
        },
      },
    },
  };
}

for (const shape of NORMS) {
  const { B, N, C, groups, activation } = shape;
  test.serial(
    `group norm of [${B}, ${N}, ${C}] in ${groups} groups, ${activation}, and its gradients`,
    async (t) => {
      const native = await open(true);
      t.regex(native.description.version, /\+ops\d+$/);
      const spec = normSpec(shape, composedGroupNorm);
      const inputs = Object.fromEntries(
        Object.entries(spec.programs['run']!.inputs).map(([name, input], i) => [
          name,
          wave(sizeOf(input), i, 1),
        ]),
      );
      const expected = await runOnce(await openEager(), spec, inputs);
      const actual = await runOnce(native, normSpec(shape, fusedGroupNorm), inputs);
      for (const [name, values] of Object.entries(expected)) {
        const scale = Math.max(1, ...values.map(Math.abs));
        t.true(isClose(actual[name]!, values, 2e-5 * scale), name);
      }
    },
  );
}

test.serial('group norm far from zero: the variance is not a difference of large numbers', async (t) => {
  const shape: NormShape = { B: 1, N: 256, C: 16, groups: 4, activation: 'none', perImage: false };
  const values = wave(256 * 16).map((value) => 1000 + value);
  const ones = {
    gain: new Float32Array(16).fill(1),
    bias: new Float32Array(16),
    offset: new Float32Array(16),
  };
  const { z } = await runOnce(await open(true), normSpec(shape, fusedGroupNorm), { x: values, ...ones });
  const group = [...z!].filter((_, i) => i % 16 < 4);
  const mean = group.reduce((sum, value) => sum + value, 0) / group.length;
  const square = group.reduce((sum, value) => sum + value * value, 0) / group.length;
  t.true(Math.abs(mean) < 1e-3 && Math.abs(square - 1) < 1e-3, `mean ${mean}, mean square ${square}`);
});

test.serial(
  'dropout keeps and drops what the drawn numbers say, forward and backward, to the bit',
  async (t) => {
    for (const position of [0n, 0x1fff_ffffn, 0xffff_ffff_ffff_fff0n]) {
      const inputs = dropoutInputs(position);
      const expected = await runOnce(await open(false), DROPOUT, inputs);
      const actual = await runOnce(await open(true), DROPOUT, inputs);
      for (const name of ['y', 'dx'])
        t.deepEqual(bits(actual[name]!), bits(expected[name]!), `${name} at ${position}`);
      const kept = [...actual['y']!].filter((value) => value !== 0).length / actual['y']!.length;
      t.true(Math.abs(kept - 0.75) < 0.02);
    }
  },
);

for (const decay of [0, 1e-3])
  test.serial(
    `an update with decay ${decay} and an average, one pass each: the bits of eager tfjs`,
    async (t) => {
      const inputs = updateInputs(decay);
      const actual = await runOnce(await open(true), updateSpec(true, decay), inputs);
      const expected = await runOnce(await openEager(), updateSpec(false, decay), inputs);
      for (const [name, values] of Object.entries(actual)) {
        const different = bits(values).findIndex((word, i) => word !== bits(expected[name]!)[i]);
        t.is(different, -1, `${name}: ${values[different]} for ${expected[name]![different]}`);
      }
      t.true(actual['newParams']!.every(Number.isFinite));
    },
  );

test.serial('a graph that may not use them has none of them', (t) => {
  const operations = (native: boolean): string[] => {
    const { graphDef } = traceModule(DROPOUT, { precision: 'float32', native });
    return (
      Buffer.from(graphDef)
        .toString('latin1')
        .match(/Fleet\w+/g) ?? []
    );
  };
  t.deepEqual(operations(false), []);
  t.true(operations(true).includes('FleetDropout'));
  t.falsy(tf.getKernel('FusedGroupNorm', 'recorder'));
});

test.serial('two threads give the bytes that one gives', (t) => {
  const script = fileURLToPath(new URL('./nativeProcess.js', import.meta.url));
  const [one, two] = [1, 2].map((threads) => {
    const env = { ...process.env, ...engineEnvironment({ threads }) };
    const { stdout, stderr } = spawnSync(process.execPath, [script, String(threads)], {
      env,
      encoding: 'utf8',
    });
    return /digest (\w{64})/.exec(stdout)?.[1] ?? `no digest: ${stderr}`;
  });
  t.regex(one!, /^\w{64}$/);
  t.is(two, one);
});
