import test from 'ava';
import * as tf from '@tensorflow/tfjs-core';
import { isClose } from '../../../src/conformance/suite.js';
import { loadWasm } from '../../../src/backends/wasm/load.js';

/** The oracle is tfjs's plain JavaScript backend, which has every kernel. */
async function sameOnBoth(
  t: { true(actual: boolean, message: string): unknown },
  what: string,
  compute: () => tf.Tensor,
): Promise<void> {
  const results: Float32Array[] = [];
  for (const backend of ['wasm', 'cpu']) {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const result = tf.tidy(compute);
    results.push(Float32Array.from([...result.shape, ...result.dataSync()]));
    result.dispose();
    t.true(tf.memory().numTensors === before, `${what}: tensors left on ${backend}`);
  }
  const [wasm, cpu] = results as [Float32Array, Float32Array];
  t.true(isClose(wasm, cpu, 2e-4), what);
}

function wave(shape: number[], phase: number): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + phase + i * i * 0.01)),
    shape,
  );
}

test.before(() => loadWasm());

/** [input, filter, strides, pad] */
const CONVOLUTIONS: readonly [number[], number[], number | [number, number], 'same' | 'valid' | number][] = [
  [[2, 8, 8, 4], [3, 3, 4, 6], 1, 'same'],
  [[2, 8, 8, 4], [3, 3, 4, 6], 1, 'valid'],
  [[1, 9, 9, 2], [3, 3, 2, 2], 2, 'valid'],
  [[2, 8, 8, 3], [3, 3, 3, 5], 2, 'same'],
  [[2, 7, 10, 3], [3, 3, 3, 5], 2, 'same'],
  [[2, 7, 10, 3], [2, 4, 3, 5], [3, 2], 'valid'],
  [[3, 5, 5, 8], [1, 1, 8, 2], 1, 'same'],
  [[1, 6, 6, 2], [5, 5, 2, 2], 1, 2],
  [[1, 6, 6, 2], [1, 1, 2, 2], 1, 1],
  [[1, 4, 4, 1], [4, 4, 1, 3], 1, 'valid'],
];

for (const [input, filter, strides, pad] of CONVOLUTIONS) {
  const what = `convolution of [${input.join()}] with [${filter.join()}], strides ${String(strides)}, pad ${pad}`;
  test.serial(`gradients of a ${what}`, async (t) => {
    const loss = (x: tf.Tensor, w: tf.Tensor): tf.Scalar => {
      const y = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad);
      return tf.sum(tf.mul(y, wave(y.shape, 2)));
    };
    const gradient = (of: 0 | 1) => () => tf.grads(loss)([wave(input, 0), wave(filter, 1)])[of]!;
    await sameOnBoth(t, 'by the input', gradient(0));
    await sameOnBoth(t, 'by the filter', gradient(1));
  });
}

/** [a, b] before transposing */
const PRODUCTS: readonly [number[], number[]][] = [
  [
    [5, 7],
    [7, 3],
  ],
  [
    [1, 5, 7],
    [1, 7, 3],
  ],
  [
    [4, 5, 7],
    [4, 7, 3],
  ],
  [
    [4, 5, 7],
    [1, 7, 3],
  ],
  [
    [1, 5, 7],
    [4, 7, 3],
  ],
  [
    [2, 3, 5, 7],
    [2, 3, 7, 3],
  ],
];

function flipped(shape: number[], flip: boolean): number[] {
  return flip ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
}

test.serial('matrix products, batched and transposed', async (t) => {
  for (const [a, b] of PRODUCTS) {
    for (const transposes of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const [transposeA, transposeB] = transposes;
      const compute = (): tf.Tensor =>
        tf.matMul(wave(flipped(a, transposeA), 0), wave(flipped(b, transposeB), 1), transposeA, transposeB);
      await sameOnBoth(t, `[${a.join()}] x [${b.join()}], transposed ${transposes.join()}`, compute);
    }
  }
});

test.serial('slices', async (t) => {
  const cases: readonly [number[], number[], number[]][] = [
    [[10], [3], [4]],
    [[10], [0], [-1]],
    [
      [6, 50],
      [2, 5],
      [3, 40],
    ],
    [
      [4, 3, 5],
      [1, 0, 0],
      [2, 3, 5],
    ],
    [
      [4, 3, 5],
      [1, 1, 2],
      [3, 2, 3],
    ],
    [
      [2, 3, 4, 5],
      [0, 1, 0, 0],
      [2, 2, 4, 5],
    ],
    [
      [2, 3, 4, 5],
      [1, 1, 1, 1],
      [1, -1, 2, 1],
    ],
    [
      [2, 3, 4],
      [1, 0, 0],
      [0, 3, 4],
    ],
  ];
  for (const [shape, begin, size] of cases) {
    await sameOnBoth(t, `[${shape.join()}] from ${begin.join()}, ${size.join()}`, () =>
      tf.slice(wave(shape, 0), begin, size),
    );
  }
  await sameOnBoth(t, 'int32', () => tf.slice(tf.range(0, 10, 1, 'int32'), 2, 5));
  await sameOnBoth(t, 'bool', () => tf.cast(tf.slice(tf.tensor1d([true, false, true, true]), 1, 2), 'int32'));
});

test.serial('tiles', async (t) => {
  const cases: readonly [number[], number[]][] = [
    [[5], [3]],
    [
      [40, 2],
      [1, 1],
    ],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1, 40],
      [1, 4, 1],
    ],
    [
      [2, 3, 4, 5],
      [2, 1, 3, 2],
    ],
  ];
  for (const [shape, reps] of cases) {
    await sameOnBoth(t, `[${shape.join()}] x [${reps.join()}]`, () => tf.tile(wave(shape, 0), reps));
  }
  await sameOnBoth(t, 'int32', () => tf.tile(tf.range(0, 6, 1, 'int32'), [2]));
});

test.serial('an NCHW gradient is refused rather than computed wrongly', async (t) => {
  await tf.setBackend('wasm');
  const x = wave([1, 2, 4, 4], 0) as tf.Tensor4D;
  t.throws(() =>
    tf.grad((w) => tf.sum(tf.conv2d(x, w as tf.Tensor4D, 1, 'same', 'NCHW')))(wave([3, 3, 2, 2], 1)),
  );
});
