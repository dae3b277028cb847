import test from 'ava';
import * as tf from '@tensorflow/tfjs-core';
import {
  peakBytes,
  placeNodes,
  readRegistry,
  recordedPrograms,
  type KernelRegistry,
} from '../../src/placement/index.js';
import { ProtoWriter } from '@ddpm-fleet/core';

const arg = (name: string) => ({ name });
const floats = { T: [1] };
const REGISTRY: KernelRegistry = {
  Placeholder: { inputs: [], outputs: [arg('output')], defaults: {}, gpu: [{ types: {}, host: [] }] },
  Const: {
    inputs: [],
    outputs: [arg('output')],
    defaults: {},
    gpu: [
      { types: { dtype: [1] }, host: [] },
      { types: { dtype: [3] }, host: ['output'] },
    ],
  },
  Identity: {
    inputs: [arg('input')],
    outputs: [arg('output')],
    defaults: {},
    gpu: [{ types: {}, host: [] }],
  },
  Square: { inputs: [arg('x')], outputs: [arg('y')], defaults: {}, gpu: [{ types: floats, host: [] }] },
  // As TensorFlow has it for int32: a kernel for GPUs that computes on the host.
  Neg: {
    inputs: [arg('x')],
    outputs: [arg('y')],
    defaults: {},
    gpu: [
      { types: floats, host: [] },
      { types: { T: [3] }, host: ['x', 'y'] },
    ],
  },
  Sum: {
    inputs: [arg('input'), arg('reduction_indices')],
    outputs: [arg('output')],
    defaults: { Tidx: 3 },
    gpu: [{ types: { ...floats, Tidx: [3] }, host: ['reduction_indices'] }],
  },
  Cast: { inputs: [arg('x')], outputs: [arg('y')], defaults: {}, gpu: [{ types: {}, host: [] }] },
  Floor: { inputs: [arg('x')], outputs: [arg('y')], defaults: {}, gpu: [] },
};

function nodesOf(body: (x: tf.Tensor, i: tf.Tensor) => tf.Tensor) {
  const inputs = { x: { shape: [4], dtype: 'float32' }, i: { shape: [2], dtype: 'int32' } } as const;
  const programs = {
    p: {
      inputs,
      body: ({ input }: { input: (name: string) => tf.Tensor }) => ({
        outputs: { y: body(input('x'), input('i')) },
      }),
    },
  };
  const options = { precision: 'float32', native: false } as const;
  return recordedPrograms({ name: 'm', variables: {}, programs }, options)['p']!;
}

function place(body: Parameters<typeof nodesOf>[0], registry = REGISTRY) {
  return placeNodes(nodesOf(body), registry);
}

test('memory: a tensor lives from its node to its last reader, a view as long as what it shows', (t) => {
  // x and i are fed: 16 and 8 bytes; each square has 16.
  t.is(peakBytes(nodesOf((x) => tf.square(tf.square(tf.square(x))))), 16 + 16);
  t.is(
    peakBytes(
      nodesOf((x) => {
        const first = tf.square(x);
        return tf.concat([tf.reshape(first, [4]), tf.square(tf.square(first))]);
      }),
    ),
    16 + 16 + 32,
  );
});

test('kernels and their bytes are counted; constants of shapes and axes cost nothing', (t) => {
  const placement = place((x) => tf.sum(tf.square(x)));
  t.deepEqual(
    [...placement.launches],
    [
      ['Square', 1],
      ['Sum', 1],
    ],
  );
  t.is(placement.bytes, 4 * 4 + (4 * 4 + 4));
  for (const counts of [placement.missing, placement.onHost, placement.hostInputs, placement.copies])
    t.is(counts.size, 0);
});

test('a node without a kernel for GPUs costs two copies', (t) => {
  const { missing, copies, onHost } = place((x) => tf.square(tf.floor(tf.square(x))));
  t.deepEqual([...missing], [['Floor', 1]]);
  t.deepEqual([...onHost], [['Floor', 1]]);
  t.deepEqual(
    [...copies],
    [
      ['to host for Floor', 1],
      ['to GPU for Square', 1],
    ],
  );
});

test('int32 work of a call is computed on the host, and copied once for all who read it', (t) => {
  const { onHost, hostInputs, copies } = place(
    (_, i) => {
      const negative = tf.neg(i);
      return tf.sum(tf.concat([tf.cast(negative, 'float32'), tf.cast(negative, 'float32')]));
    },
    {
      ...REGISTRY,
      ConcatV2: {
        inputs: [{ name: 'values', countAttr: 'N' }, arg('axis')],
        outputs: [arg('output')],
        defaults: {},
        gpu: [{ types: {}, host: ['axis'] }],
      },
    },
  );
  t.deepEqual([...onHost], [['Neg', 1]]);
  t.deepEqual([...hostInputs], [['Neg.x', 1]]);
  t.deepEqual([...copies], [['to GPU for Cast', 1]]);
});

test('an operation that the build does not have is named', (t) => {
  t.throws(() => place((x) => tf.exp(x)), { message: /no operation Exp/ });
});

test('a registry is read from what the library gives', (t) => {
  const ops = new ProtoWriter()
    .message(1, (op) =>
      op
        .string(1, 'Gather')
        .message(2, (a) => a.string(1, 'params').string(5, 'N'))
        .message(2, (a) => a.string(1, 'handle').int(3, 20))
        .message(3, (a) => a.string(1, 'output'))
        .message(4, (a) => a.string(1, 'Tidx').message(3, (value) => value.int(6, 3))),
    )
    .finish();
  const kernel =
    (device: string, label = '') =>
    (k: ProtoWriter) =>
      k
        .string(1, 'Gather')
        .string(2, device)
        .message(3, (c) =>
          c.string(1, 'T').message(2, (v) => v.message(1, (list) => list.packedInts(6, [1, 14]))),
        )
        .string(4, 'params')
        .string(5, label);
  const kernels = new ProtoWriter()
    .message(1, kernel('DEFAULT'))
    .message(1, kernel('CPU'))
    .message(1, kernel('GPU'))
    .message(1, kernel('GPU', 'other'))
    .finish();
  const one = { types: { T: [1, 14] }, host: ['params'] };
  t.deepEqual(readRegistry(ops, kernels), {
    Gather: {
      inputs: [
        { name: 'params', countAttr: 'N' },
        { name: 'handle', onHost: true },
      ],
      outputs: [{ name: 'output' }],
      defaults: { Tidx: 3 },
      gpu: [one, one],
    },
  });
});
