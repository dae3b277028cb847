import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import type { ModuleSpec, ProgramSpec } from '../../src/index.js';
import { openCompiled } from './engines.js';

const NAMES = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof NAMES)[number];
type State = Record<Name, number>;
const SIZE = 64;
const STEPS = 10_000;

/** Programs over the state and one number, on small integers: exact in float32, so that one misplaced read shows. */
const PROGRAMS: Record<string, (state: State, x: number) => Partial<State>> = {
  rotate: ({ a, b, c, d }) => ({ a: b, b: c, c: d, d: a }),
  swap: ({ a, b }) => ({ a: b, b: a }),
  blend: ({ a, b }, x) => ({ a: (b + x) % 251, b: (a + 2 * b + x) % 251 }),
  chain: ({ a, b, c, d }, x) => ({ b: (a + x) % 251, c: (b + a) % 251, d: (c + b) % 251, a: (d + c) % 251 }),
  touch: ({ c }, x) => ({ c: (c * 3 + x) % 251 }),
  copy: ({ d }) => ({ a: d }),
};

/** The same as tensors; the sum of everything read is an output, so that reads are used twice. */
const TENSORS: Record<
  string,
  (state: Record<Name, tf.Tensor>, x: tf.Tensor) => Partial<Record<Name, tf.Tensor>>
> = {
  rotate: ({ a, b, c, d }) => ({ a: b, b: c, c: d, d: a }),
  swap: ({ a, b }) => ({ a: b, b: a }),
  blend: ({ a, b }, x) => ({ a: wrap(tf.add(b, x)), b: wrap(tf.addN([a, b, b, tf.broadcastTo(x, [SIZE])])) }),
  chain: ({ a, b, c, d }, x) => ({
    b: wrap(tf.add(a, x)),
    c: wrap(tf.add(b, a)),
    d: wrap(tf.add(c, b)),
    a: wrap(tf.add(d, c)),
  }),
  touch: ({ c }, x) => ({ c: wrap(tf.add(tf.mul(c, 3), x)) }),
  copy: ({ d }) => ({ a: tf.clone(d) }),
};

function wrap(x: tf.Tensor): tf.Tensor {
  return tf.mod(x, 251);
}

function program(name: string): ProgramSpec {
  return {
    inputs: { x: { shape: [1], dtype: 'float32' } },
    body: ({ input, read }) => {
      const state = Object.fromEntries(NAMES.map((variable) => [variable, read(variable)])) as Record<
        Name,
        tf.Tensor
      >;
      const assign = TENSORS[name]!(state, input('x')) as Record<string, tf.Tensor>;
      return { outputs: { sum: tf.addN(NAMES.map((variable) => tf.sum(read(variable)))) }, assign };
    },
  };
}

const spec: ModuleSpec = {
  name: 'order',
  variables: Object.fromEntries(NAMES.map((name) => [name, { shape: [SIZE] }])),
  programs: Object.fromEntries(Object.keys(PROGRAMS).map((name) => [name, program(name)])),
};

test(`${STEPS} programs on a small state do what a replay does: no read sees an assign of its own program`, async (t) => {
  const engine = await openCompiled();
  const module = await engine.load(spec);
  let state: State = { a: 1, b: 20, c: 40, d: 160 };
  for (const name of NAMES) module.writeVariable(name, new Float32Array(SIZE).fill(state[name]));
  const names = Object.keys(PROGRAMS);
  for (let step = 0; step < STEPS; step++) {
    const name = names[(step * 7919 + (step >> 3)) % names.length]!;
    const x = step % 13;
    const { sum } = module.run(name, { x: Float32Array.of(x) });
    const expected = SIZE * NAMES.reduce((total, variable) => total + state[variable], 0);
    if (sum![0] !== expected) t.fail(`step ${step}, ${name}: reads sum to ${sum![0]}, not ${expected}`);
    state = { ...state, ...PROGRAMS[name]!(state, x) };
  }
  for (const name of NAMES)
    t.deepEqual(module.readVariable(name), new Float32Array(SIZE).fill(state[name]), name);
  await engine.dispose();
});

test('a variable keeps its value when the array that it was written or assigned from changes', async (t) => {
  const engine = await openCompiled();
  const module = await engine.load({
    name: 'alias',
    variables: { v: { shape: [4, 256] }, w: { shape: [1024] } },
    programs: {
      take: {
        inputs: { x: { shape: [1024], dtype: 'float32' } },
        body: ({ input }) => ({ assign: { v: tf.reshape(input('x'), [4, 256]), w: tf.mul(input('x'), 1) } }),
      },
      // An operation that works in place would change w too, were their buffers one.
      bump: { inputs: {}, body: ({ read }) => ({ assign: { v: tf.add(read('v'), 1) } }) },
    },
  });
  // TensorFlow takes memory over in place where it is aligned to 64 bytes, which one of these is.
  for (const offset of [0, 16, 32, 48]) {
    const x = new Float32Array(new ArrayBuffer(4096 + 64), offset, 1024).fill(3);
    const only = (name: string, value: number): void => {
      t.deepEqual(new Set(module.readVariable(name)), new Set([value]), `${name}, offset ${offset}`);
    };
    module.run('take', { x });
    x.fill(5);
    only('v', 3);
    only('w', 3);
    module.writeVariable('w', x);
    x.fill(7);
    module.run('bump');
    only('v', 4);
    only('w', 5);
    module.readVariable('w').fill(0);
    only('w', 5);
  }
  await engine.dispose();
});
