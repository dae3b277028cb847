import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { drawInt, drawNormal, drawUniform, imageAddress, u64Pair } from '@ddpm-fleet/core';
import { isClose } from '../../src/conformance/suite.js';
import type { ModuleSpec, ProgramContext, RandomAt } from '../../src/index.js';
import { openCompiled } from './engines.js';

const B = 3;
/** Values an image: one, a part of a block, blocks and a part, an odd number, and whole blocks. */
const SHAPES: readonly number[][] = [[B], [B, 2], [B, 3, 5], [B, 7, 3, 3], [B, 4, 4, 4]];
const PURPOSE = 1031;
const RANGE = 1000;

function at({ input }: ProgramContext, stream: boolean): RandomAt {
  const address = { seed: input('seed'), purpose: PURPOSE, position: input('position') };
  return stream ? { ...address, stream: input('stream') } : address;
}

const inputs = {
  seed: { shape: [1], dtype: 'int32' },
  position: { shape: [2], dtype: 'int32' },
  stream: { shape: [2], dtype: 'int32' },
} as const;

function draws(stream: boolean): ModuleSpec['programs'][string] {
  return {
    inputs: stream ? inputs : { seed: inputs.seed, position: inputs.position },
    body: (context) => {
      const outputs: Record<string, tf.Tensor> = {};
      SHAPES.forEach((shape, i) => {
        outputs[`uniform${i}`] = context.random.uniform(at(context, stream), shape);
        outputs[`normal${i}`] = context.random.normal(at(context, stream), shape);
        outputs[`int${i}`] = context.random.int(at(context, stream), shape, RANGE);
      });
      return { outputs };
    },
  };
}

const spec: ModuleSpec = {
  name: 'draws',
  variables: {},
  programs: { plain: draws(false), streamed: draws(true) },
};

/** Seeds and positions at which sign bits, carries between words and the blocks' multiplication matter. */
const ADDRESSES: readonly { seed: number; position: bigint; stream: bigint }[] = [
  { seed: 0, position: 0n, stream: 0n },
  { seed: 42, position: 123_456_789n, stream: 1n },
  { seed: 0xffffffff, position: 0xffffffffn, stream: 0xffffffffn },
  { seed: 0x80000000, position: 0x7fffffffn, stream: 0x1_0000_0000n },
  { seed: 7, position: 0x1_2345_6789_abcdn, stream: 0xffff_ffff_ffff_ffffn },
];

test('draws are those of core/random: bits, uniforms and ints equal, normals within 1e-6', async (t) => {
  const engine = await openCompiled();
  const module = await engine.load(spec);
  for (const { seed, position, stream } of ADDRESSES) {
    for (const program of ['plain', 'streamed'] as const) {
      const address = { seed: Int32Array.of(seed | 0), position: u64Pair(position) };
      const drawn = module.run(
        program,
        program === 'plain' ? address : { ...address, stream: u64Pair(stream) },
      );
      SHAPES.forEach((shape, i) => {
        const values = tf.util.sizeFromShape(shape) / B;
        const where = imageAddress(seed, PURPOSE, position, values, program === 'plain' ? 0n : stream);
        const what = `${program} [${shape}] at ${seed}, ${position}, ${stream}`;
        t.deepEqual(drawn[`uniform${i}`], drawUniform(where, B, values), what);
        t.deepEqual(drawn[`int${i}`], drawInt(where, B, values, RANGE), what);
        t.true(isClose(drawn[`normal${i}`]!, drawNormal(where, B, values), 1e-6), what);
      });
    }
  }
  await engine.dispose();
});
