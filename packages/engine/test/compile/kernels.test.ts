import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { isClose } from '../../src/conformance/suite.js';
import type { HostArray, Module, ModuleSpec, ProgramSpec } from '../../src/index.js';
import { KERNELS } from '../../src/compile/kernels/index.js';
import { openCompiled, openEager, wave } from './engines.js';
import { KERNEL_CASES, type KernelCase } from './kernelCases.js';

/** The result, and the gradient of the sum of the sines of its elements. */
function kernelProgram({ shapes, f, differentiable }: KernelCase): ProgramSpec {
  return {
    inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape, dtype: 'float32' }])),
    body({ input }) {
      const inputs = shapes.map((_, i) => input(`x${i}`));
      const results = [f(...inputs)].flat();
      const outputs = Object.fromEntries(results.map((y, i) => [`y${i}`, y]));
      if (!differentiable) return { outputs };
      const grads = tf.grads((...xs) => tf.addN([f(...xs)].flat().map((y) => tf.sum(tf.sin(y)))))(inputs);
      return { outputs: { ...outputs, ...Object.fromEntries(grads.map((grad, i) => [`grad${i}`, grad])) } };
    },
  };
}

const spec: ModuleSpec = {
  name: 'kernels',
  variables: {},
  programs: Object.fromEntries(
    KERNEL_CASES.map((kernelCase) => [kernelCase.title, kernelProgram(kernelCase)]),
  ),
};

function inputsOf({ shapes }: KernelCase): Record<string, HostArray> {
  return Object.fromEntries(shapes.map((shape, i) => [`x${i}`, wave(tf.util.sizeFromShape([...shape]), i)]));
}

let compiled: Module;
let eager: Module;

test.before(async () => {
  compiled = await (await openCompiled()).load(spec);
  eager = await (await openEager()).load(spec);
});

for (const kernelCase of KERNEL_CASES) {
  test.serial(kernelCase.title, (t) => {
    const inputs = inputsOf(kernelCase);
    const expected = eager.run(kernelCase.title, inputs);
    const actual = compiled.run(kernelCase.title, inputs);
    t.deepEqual(Object.keys(actual), Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) {
      t.is(actual[name]!.constructor, values.constructor, name);
      const scale = Math.max(1, ...[...values].filter(Number.isFinite).map(Math.abs));
      t.true(isClose(actual[name]!, values, 2e-6 * scale), `${name}: ${actual[name]!} in place of ${values}`);
    }
  });
}

/** Eager tfjs-node knows no such padding, so that it is held to a pad of its own. */
test.serial('convolutions padded by a number and explicitly, and their gradients', async (t) => {
  const [X, W] = [[2, 7, 6, 3] as const, [3, 3, 3, 4] as const];
  const flat = (...parts: tf.Tensor[]): tf.Tensor => tf.concat(parts.map((part) => tf.reshape(part, [-1])));
  const explicit = (x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor =>
    flat(tf.conv2d(x, w, 2, 1), tf.conv2d(x, w, 1, [[0, 0], [1, 0], [0, 2], [0, 0]])); // prettier-ignore
  const padded = (x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor => {
    const [one, other] = [tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), tf.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]])]; // prettier-ignore
    const strided = tf.slice(one as tf.Tensor4D, [0, 0, 0, 0], [2, 9, 7, 3]);
    return flat(tf.conv2d(strided, w, 2, 'valid'), tf.conv2d(other as tf.Tensor4D, w, 1, 'valid')); // prettier-ignore
  };
  const both = [explicit, padded].map((op) =>
    kernelProgram({
      title: '',
      shapes: [X, W],
      f: (x, w) => op(x as tf.Tensor4D, w as tf.Tensor4D),
      differentiable: true,
    }),
  );
  const module = await (
    await openCompiled()
  ).load({ name: 'padding', variables: {}, programs: { actual: both[0]!, expected: both[1]! } });
  const inputs = { x0: wave(252, 0), x1: wave(108, 1) };
  const expected = module.run('expected', inputs);
  for (const [name, values] of Object.entries(module.run('actual', inputs)))
    t.true(isClose(values, expected[name]!, 1e-5), name);
});

test.serial('there is a case for every kernel of the table', async (t) => {
  const used = new Set<string>();
  for (const kernelCase of KERNEL_CASES) {
    const { kernelNames } = await tf.profile(() => {
      eager.run(kernelCase.title, inputsOf(kernelCase));
      return tf.scalar(0);
    });
    for (const name of kernelNames) used.add(name);
  }
  t.deepEqual(
    Object.keys(KERNELS).filter((name) => !used.has(name)),
    [],
  );
});
