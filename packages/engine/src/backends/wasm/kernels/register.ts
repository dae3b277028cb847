import * as tf from '@tensorflow/tfjs-core';
import { batchMatMul, type MatMulAttrs } from './batchMatMul.js';
import { conv2dBackpropFilter, type FilterAttrs } from './conv2dBackpropFilter.js';
import { conv2dBackpropInput, type InputAttrs } from './conv2dBackpropInput.js';
import { binary, sign, unary } from './notANumber.js';
import { slice } from './slice.js';
import { sums } from './sums.js';
import { tile } from './tile.js';

const BACKEND = 'wasm';

/**
 * Gives the wasm backend the kernel that training needs and it lacks, faster ways to some that it has, and those whose
 * numbers are right where its own are not.
 */
export function registerKernels(): void {
  registerTrainingKernels();
  registerExactKernels();
}

function registerExactKernels(): void {
  replaceFloat(tf.ClipByValue, ({ inputs, backend, attrs }) => {
    const { clipValueMin: low, clipValueMax: high } = attrs as unknown as tf.ClipByValueAttrs;
    return unary(backend, inputs['x']!, (value) => Math.min(Math.max(value, low), high));
  });
  replaceFloat(tf.Relu6, ({ inputs, backend }) =>
    unary(backend, inputs['x']!, (value) => Math.min(Math.max(value, 0), 6)),
  );
  replaceFloat(tf.Sign, ({ inputs, backend }) => unary(backend, inputs['x']!, sign));
  replaceFloat(tf.Maximum, ({ inputs }) =>
    binary(inputs['a'] as tf.Tensor, inputs['b'] as tf.Tensor, Math.max),
  );
  replaceFloat(tf.Minimum, ({ inputs }) =>
    binary(inputs['a'] as tf.Tensor, inputs['b'] as tf.Tensor, Math.min),
  );
  for (const [kernelName, mean] of [
    [tf.Sum, false],
    [tf.Mean, true],
  ] as const) {
    replaceFloat(kernelName, ({ inputs, backend, attrs }) => {
      const x = inputs['x']!;
      const { axis, keepDims } = attrs as unknown as tf.SumAttrs;
      const axes = tf.util.parseAxisParam(axis, x.shape);
      const out = sums(backend, x, axes, mean);
      return keepDims ? { ...out, shape: tf.backend_util.expandShapeToKeepDim(out.shape, axes) } : out;
    });
  }
}

function registerTrainingKernels(): void {
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: BACKEND,
    kernelFunc: ({ inputs, attrs }) =>
      conv2dBackpropFilter(
        inputs['x'] as tf.Tensor4D,
        inputs['dy'] as tf.Tensor4D,
        attrs as unknown as FilterAttrs,
      ),
  });
  replace(tf.Conv2DBackpropInput, (original) => (args) => {
    const { dy, filter } = args.inputs as { dy: tf.Tensor4D; filter: tf.Tensor4D };
    return (
      conv2dBackpropInput(args.backend, dy, filter, args.attrs as unknown as InputAttrs) ?? original(args)
    );
  });
  replace(tf.Slice, () => ({ inputs, backend, attrs }) => {
    const { begin, size } = attrs as unknown as tf.SliceAttrs;
    return slice(backend, inputs['x']!, begin, size);
  });
  replace(
    tf.Tile,
    () =>
      ({ inputs, backend, attrs }) =>
        tile(backend, inputs['x']!, attrs!['reps'] as number[]),
  );
  replace(tf.BatchMatMul, (original) => (args) => {
    const { a, b } = args.inputs as { a: tf.Tensor; b: tf.Tensor };
    const attrs = args.attrs as unknown as MatMulAttrs;
    const plain = (left: tf.TensorInfo, right: tf.TensorInfo): tf.TensorInfo =>
      original({
        ...args,
        inputs: { a: left, b: right },
        attrs: { transposeA: false, transposeB: false },
      }) as tf.TensorInfo;
    if (isPlain(a, b, attrs)) return plain(a, b);
    return batchMatMul(a, b, attrs, (left, right) => asTensor(plain(left, right)));
  });
}

function isPlain(a: tf.Tensor, b: tf.Tensor, { transposeA, transposeB }: MatMulAttrs): boolean {
  const batches = [...a.shape.slice(0, -2), ...b.shape.slice(0, -2)];
  return !transposeA && !transposeB && batches.every((size) => size === 1);
}

function asTensor(info: tf.TensorInfo): tf.Tensor2D {
  return tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor2D;
}

/** The original stays callable: it is set up like the one in its place. */
function replace(kernelName: string, wrap: (original: tf.KernelFunc) => tf.KernelFunc): void {
  const original = tf.getKernel(kernelName, BACKEND)!;
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({ ...original, kernelFunc: wrap(original.kernelFunc) });
}

/** Only where its first input is float32. */
function replaceFloat(kernelName: string, kernel: tf.KernelFunc): void {
  replace(kernelName, (original) => (args) => {
    const first = Object.values(args.inputs)[0]!;
    return first.dtype === 'float32' ? kernel(args) : original(args);
  });
}
