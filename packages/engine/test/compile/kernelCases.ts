import * as tf from '@tensorflow/tfjs-core';
import { wave } from './engines.js';

type Shape = readonly number[];

/** A use of one or more kernels, on float32 inputs of these shapes with values in (-1, 1). */
export interface KernelCase {
  readonly title: string;
  readonly shapes: readonly Shape[];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  /** Compared as well: the gradient of the sum of sin(result). */
  readonly differentiable: boolean;
}

type Options = { differentiable?: boolean };

function kernelCase(
  title: string,
  shapes: readonly Shape[],
  f: KernelCase['f'],
  options: Options = {},
): KernelCase {
  return { title, shapes, f, differentiable: options.differentiable ?? true };
}

const CONSTANT = { differentiable: false };
const positive = (x: tf.Tensor): tf.Tensor => tf.add(tf.abs(x), 0.1);
const int = (x: tf.Tensor): tf.Tensor => tf.cast(tf.mul(x, 10), 'int32');
const as4D = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

/** A condition that no gradient flows through: tfjs-core has none for comparisons. */
function mask(shape: number[]): tf.Tensor {
  const values = wave(tf.util.sizeFromShape(shape), 2);
  return tf.greater(tf.tensor(values, shape), 0);
}

const unary: KernelCase[] = [
  ...([
    'abs',
    'cos',
    'elu',
    'erf',
    'exp',
    'expm1',
    'neg',
    'relu',
    'sigmoid',
    'sin',
    'softplus',
    'square',
    'tanh',
  ] as const),
].map((name) => kernelCase(name, [[3, 5]], (x) => tf[name](x!)));

const onPositive: KernelCase[] = (['log', 'log1p', 'reciprocal', 'rsqrt', 'sqrt'] as const).map((name) =>
  kernelCase(name, [[3, 5]], (x) => tf[name](positive(x!))),
);

const steps: KernelCase[] = (['ceil', 'floor', 'round', 'sign'] as const).map((name) =>
  kernelCase(name, [[3, 5]], (x) => tf[name](tf.mul(x!, 4)), CONSTANT),
);

/** Those for which tfjs-core's gradient takes broadcasting into account. */
const BROADCAST_GRADIENTS = ['add', 'mul', 'sub', 'atan2'];

const binary: KernelCase[] = (
  ['add', 'maximum', 'minimum', 'mul', 'squaredDifference', 'sub', 'atan2'] as const
).flatMap((name) => [
  kernelCase(
    name,
    [
      [3, 5],
      [3, 5],
    ],
    (a, b) => tf[name](a!, b!),
  ),
  kernelCase(
    `${name}, broadcast`,
    [
      [4, 1, 5],
      [3, 1],
    ],
    (a, b) => tf[name](a!, b!),
    { differentiable: BROADCAST_GRADIENTS.includes(name) },
  ),
]);

const comparisons: KernelCase[] = (
  ['equal', 'greater', 'greaterEqual', 'less', 'lessEqual', 'notEqual'] as const
).map((name) => kernelCase(name, [[4, 5], [5]], (a, b) => tf[name](int(a!), int(b!)), CONSTANT));

const arithmetic: KernelCase[] = [
  kernelCase('div', [[3, 5], [5]], (a, b) => tf.div(a!, positive(b!))),
  kernelCase('div of ints', [[9]], (a) => tf.div(int(a!), tf.scalar(3, 'int32')), CONSTANT),
  kernelCase('mod', [[3, 5]], (a) => tf.mod(tf.mul(a!, 7), 1.5), CONSTANT),
  kernelCase(
    'pow',
    [
      [3, 5],
      [3, 5],
    ],
    (a, b) => tf.pow(positive(a!), b!),
  ),
  kernelCase('sums of ints', [[6], [6]], (a, b) => tf.mul(tf.add(int(a!), int(b!)), int(a!)), CONSTANT),
  kernelCase('bias of an activation', [[2, 3, 4, 5], [5]], (a, b) => tf.add(a!, b!)),
  kernelCase('bias first', [[5], [2, 3, 4, 5]], (a, b) => tf.add(a!, b!)),
  kernelCase('a vector as long as a middle axis', [[2, 5, 5], [5]], (a, b) => tf.add(a!, b!)),
  kernelCase('product with ones', [[4, 1]], (a) => tf.mul(a!, tf.ones([4, 6]))),
  kernelCase('ones first', [[4, 6]], (a) => tf.mul(tf.ones([1, 6]), a!)),
  kernelCase('difference from a filled tensor', [[4, 6]], (a) => tf.sub(tf.fill([4, 6], 0.75), a!)),
  kernelCase('a filled tensor that gives the shape', [[4, 1]], (a) => tf.sub(tf.fill([4, 16], 0.75), a!)),
  kernelCase(
    'addN',
    [
      [4, 3],
      [4, 3],
      [4, 3],
    ],
    (...xs) => tf.addN(xs),
  ),
  kernelCase('clipByValue', [[30]], (a) => tf.clipByValue(a!, -0.5, 0.25)),
  kernelCase('step', [[7]], (a) => tf.step(a!, 0.25), CONSTANT),
  kernelCase(
    'where',
    [
      [4, 5],
      [4, 5],
    ],
    (a, b) => tf.where(mask([4, 5]), a!, tf.mul(b!, 2)),
  ),
  kernelCase(
    'where on a comparison',
    [
      [4, 5],
      [4, 5],
    ],
    (a, b) => tf.where(tf.greater(a!, b!), a!, b!),
    CONSTANT,
  ),
  kernelCase('where against zeros', [[4, 5]], (a) => tf.where(mask([4, 5]), a!, tf.zerosLike(a!))),
  kernelCase('where with a broadcast condition', [[4, 6]], (a) => tf.where(mask([4, 1]), a!, tf.neg(a!))),
  kernelCase(
    'dropout of a mask',
    [[64], [64]],
    (a, b) => tf.mul(a!, tf.mul(tf.cast(tf.greaterEqual(b!, 0.1), 'float32'), 1 / 0.9)),
    CONSTANT,
  ),
  kernelCase(
    'logical ops',
    [[9], [9]],
    (a, b) => {
      const [p, q] = [tf.greater(a!, 0), tf.greater(b!, 0)];
      return tf.logicalOr(tf.logicalAnd(p, q), tf.logicalNot(tf.logicalOr(p, q)));
    },
    CONSTANT,
  ),
  kernelCase(
    'isNaN, isInf, isFinite',
    [[6]],
    (a) => {
      const odd = tf.div(tf.floor(a!), tf.relu(tf.floor(a!)));
      return [tf.isNaN(odd), tf.isInf(odd), tf.isFinite(odd)];
    },
    CONSTANT,
  ),
  kernelCase(
    'casts',
    [[9]],
    (a) => [tf.cast(int(a!), 'float32'), tf.cast(tf.greater(a!, 0), 'int32'), tf.cast(a!, 'bool')],
    CONSTANT,
  ),
];

const arrays: KernelCase[] = [
  kernelCase('broadcastTo', [[3, 1]], (a) => tf.broadcastTo(a!, [2, 3, 4])),
  kernelCase(
    'concat',
    [
      [2, 3],
      [2, 1],
      [2, 4],
    ],
    (...xs) => tf.concat(xs, 1),
  ),
  kernelCase('concat of one and of none', [[2, 3]], (a) => tf.concat([a!, tf.zeros([0, 3])], 0)),
  kernelCase('cumsum', [[4, 5]], (a) => tf.cumsum(a!, 1, true, true)),
  kernelCase('cumprod', [[4, 5]], (a) => tf.cumprod(a!, 0), CONSTANT),
  kernelCase('expandDims', [[4, 5]], (a) => tf.expandDims(a!, -1)),
  kernelCase('fill, ones, zeros', [[20]], (a) =>
    tf.add(tf.mul(tf.fill([20], 3), tf.onesLike(a!)), tf.add(tf.zerosLike(a!), a!)),
  ),
  kernelCase('gather', [[5, 4]], (a) => tf.gather(a!, tf.tensor1d([4, 0, 0, 2], 'int32'))),
  kernelCase(
    'gather along an axis',
    [[5, 4]],
    (a) => tf.gather(a!, tf.tensor2d([[3], [1]], [2, 1], 'int32'), 1),
    CONSTANT,
  ),
  kernelCase('linspace and range', [[5]], (a) =>
    tf.add(tf.mul(a!, tf.linspace(0, 1, 5)), tf.range(0, 10, 2)),
  ),
  kernelCase(
    'oneHot',
    [[6]],
    (a) => tf.oneHot(tf.abs(int(a!)) as tf.Tensor1D, 8, 2, -1, 'float32'),
    CONSTANT,
  ),
  kernelCase('pad', [[2, 3]], (a) =>
    tf.pad(a!, [
      [1, 0],
      [2, 1],
    ]),
  ),
  kernelCase('pad with a value', [[2, 3]], (a) =>
    tf.pad(
      a!,
      [
        [1, 0],
        [2, 1],
      ],
      7,
    ),
  ),
  kernelCase('reshape', [[4, 6]], (a) => tf.reshape(a!, [2, -1, 3])),
  kernelCase('reverse', [[2, 3, 4]], (a) => tf.reverse(a!, [0, 2])),
  kernelCase('slice', [[4, 6]], (a) => tf.slice(a!, [1, 2], [2, -1])),
  kernelCase('split', [[4, 6]], (a) => tf.split(a!, 3, 1)),
  kernelCase('split by sizes', [[4, 6]], (a) => tf.split(a!, [1, 2, 3], -1)),
  kernelCase(
    'stack and unstack',
    [
      [4, 6],
      [4, 6],
    ],
    (a, b) => tf.unstack(tf.stack([a!, b!], 1), 0),
  ),
  kernelCase('stack last', [[4], [4]], (a, b) => tf.stack([a!, b!], -1)),
  kernelCase('stridedSlice', [[6, 5]], (a) => tf.stridedSlice(a!, [1, 0], [6, 5], [2, 2]), CONSTANT),
  kernelCase('tile', [[2, 3]], (a) => tf.tile(a!, [2, 2])),
  kernelCase('tile of single elements', [[2, 1, 3]], (a) => tf.tile(a!, [1, 4, 1])),
  kernelCase('transpose', [[2, 3, 4]], (a) => tf.transpose(a!, [2, 0, 1])),
  kernelCase('clone', [[3]], (a) => tf.clone(a!)),
  kernelCase('closed-over values', [[3]], (a) => tf.add(a!, tf.tensor1d([1, 2, 3]))),
];

const reductions: KernelCase[] = [
  ...(['sum', 'mean', 'max', 'min', 'prod'] as const).flatMap((name) => {
    // tfjs-core's gradient of a product fails for some axes.
    const options = { differentiable: name !== 'prod' };
    return [
      kernelCase(name, [[3, 4, 5]], (a) => tf[name](a!, 1), options),
      kernelCase(`${name}, all axes`, [[3, 4]], (a) => tf[name](a!), options),
      kernelCase(`${name}, axes kept`, [[3, 4, 5]], (a) => tf[name](a!, [0, -1], true), options),
    ];
  }),
  kernelCase('gradient of a bias', [[2, 3, 4, 5]], (a) => tf.sum(a!, [0, 1, 2])),
  kernelCase(
    'mean and sum of ints and bools',
    [[9]],
    (a) => [tf.mean(int(a!)), tf.sum(int(a!)), tf.sum(tf.greater(a!, 0))],
    CONSTANT,
  ),
  kernelCase(
    'all and any',
    [[3, 4]],
    (a) => [tf.all(tf.greater(a!, -1), 1), tf.any(tf.greater(a!, 0.9))],
    CONSTANT,
  ),
  kernelCase('argMax and argMin', [[3, 4]], (a) => [tf.argMax(a!, 1), tf.argMin(a!, 0)], CONSTANT),
  kernelCase(
    'topk',
    [[3, 7]],
    (a) => {
      const { values, indices } = tf.topk(a!, 4);
      return [values, indices];
    },
    CONSTANT,
  ),
  kernelCase('moments', [[3, 4, 5]], (a) => Object.values(tf.moments(a!, [1, 2]))),
];

const convolutions: KernelCase[] = [
  ...(['same', 'valid'] as const).flatMap((pad) =>
    [1, 2].flatMap((stride) => [
      kernelCase(
        `conv2d ${pad}, stride ${stride}`,
        [
          [2, 7, 6, 3],
          [3, 3, 3, 4],
        ],
        (x, w) => tf.conv2d(as4D(x!), as4D(w!), stride, pad),
      ),
    ]),
  ),
  kernelCase(
    'conv2d, dilated',
    [
      [2, 7, 6, 3],
      [3, 3, 3, 4],
    ],
    (x, w) => tf.conv2d(as4D(x!), as4D(w!), 1, 'same', 'NHWC', 2),
    CONSTANT,
  ),
  kernelCase('conv2d, bias and residual', [[2, 6, 6, 4], [3, 3, 4, 4], [4]], (x, w, b) =>
    tf.add(x!, tf.add(tf.conv2d(as4D(x!), as4D(w!), 1, 'same'), b!)),
  ),
  kernelCase(
    'conv2dTranspose',
    [
      [2, 3, 4, 5],
      [4, 4, 6, 5],
    ],
    (x, w) => tf.conv2dTranspose(as4D(x!), as4D(w!), [2, 6, 8, 6], 2, 'same'),
  ),
  kernelCase('avgPool', [[2, 6, 4, 3]], (x) => tf.avgPool(as4D(x!), 2, 2, 'valid')),
  kernelCase(
    'resizeNearestNeighbor',
    [[2, 3, 4, 3]],
    (x) => tf.image.resizeNearestNeighbor(as4D(x!), [6, 8]),
    CONSTANT,
  ),
  kernelCase('resizeBilinear', [[2, 3, 4, 3]], (x) => tf.image.resizeBilinear(as4D(x!), [7, 9]), CONSTANT),
  kernelCase('softmax', [[3, 4, 5]], (x) => tf.softmax(x!)),
  kernelCase('logSoftmax', [[3, 5]], (x) => tf.logSoftmax(x!)),
  ...[false, true].flatMap((a) =>
    [false, true].flatMap((b) => [
      kernelCase(`matMul ${a} ${b}`, [a ? [5, 4] : [4, 5], b ? [6, 5] : [5, 6]], (x, y) =>
        tf.matMul(x!, y!, a, b),
      ),
      kernelCase(
        `matMul of batches ${a} ${b}`,
        [a ? [3, 5, 4] : [3, 4, 5], b ? [3, 6, 5] : [3, 5, 6]],
        (x, y) => tf.matMul(x!, y!, a, b),
      ),
    ]),
  ),
];

export const KERNEL_CASES: readonly KernelCase[] = [
  ...unary,
  ...onPositive,
  ...steps,
  ...binary,
  ...comparisons,
  ...arithmetic,
  ...arrays,
  ...reductions,
  ...convolutions,
];
