import { util } from '@tensorflow/tfjs-core';
import { sizeOf } from '../graph/graph.js';
import { broadcastTo, listInputs, reshaped, type } from './kernel.js';
import type { KernelTable, Lowering } from './kernel.js';

const INT = type('int32');

const concat: Lowering = (call) => {
  const parts = listInputs(call).filter((part) => sizeOf(part.shape) > 0);
  const first = parts[0] ?? listInputs(call)[0]!;
  if (parts.length <= 1) return first;
  const axis = util.parseAxisParam(call.attrs['axis'] as number, [...first.shape])[0]!;
  const shape = [...first.shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const attrs = { N: { int: parts.length }, T: type(first.dtype), Tidx: INT };
  return call.graph.add('ConcatV2', [...parts, call.graph.ints(axis)], attrs, { shape, dtype: first.dtype });
};

const split: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const axis = util.parseAxisParam(attrs['axis'] as number, [...x!.shape])[0]!;
  const wanted = attrs['numOrSizeSplits'] as number | number[];
  const sizes = splitSizes(x!.shape[axis]!, wanted);
  const outs = sizes.map((size) => ({
    shape: x!.shape.map((dim, i) => (i === axis ? size : dim)),
    dtype: x!.dtype,
  }));
  const operands = [x!, graph.ints(sizes), graph.ints(axis)];
  return graph.addMany(
    'SplitV',
    operands,
    { T: type(x!.dtype), Tlen: INT, num_split: { int: sizes.length } },
    outs,
  );
};

function splitSizes(dim: number, wanted: number | number[]): number[] {
  if (typeof wanted === 'number') return Array.from({ length: wanted }, () => dim / wanted);
  const known = wanted.reduce((sum, size) => sum + Math.max(0, size), 0);
  return wanted.map((size) => (size < 0 ? dim - known : size));
}

const pack: Lowering = (call) => {
  const parts = listInputs(call);
  const { shape, dtype } = parts[0]!;
  const axis = call.attrs['axis'] as number;
  const attrs = { N: { int: parts.length }, T: type(dtype), axis: { int: axis } };
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  return call.graph.add('Pack', parts, attrs, { shape: shape.toSpliced(at, 0, parts.length), dtype });
};

const unpack: Lowering = ({ graph, inputs: { value }, attrs }) => {
  const axis = util.parseAxisParam(attrs['axis'] as number, [...value!.shape])[0]!;
  const num = value!.shape[axis]!;
  const out = { shape: value!.shape.toSpliced(axis, 1), dtype: value!.dtype };
  const types = { num: { int: num }, T: type(value!.dtype), axis: { int: axis } };
  return graph.addMany('Unpack', [value!], types, new Array(num).fill(out));
};

const pad: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const paddings = attrs['paddings'] as [number, number][];
  const value = attrs['constantValue'] as number;
  const bytes = new Uint8Array(Int32Array.from(paddings.flat()).buffer);
  const amounts = graph.constant({ dtype: 'int32', shape: [paddings.length, 2], bytes });
  const out = { shape: x!.shape.map((dim, i) => dim + paddings[i]![0] + paddings[i]![1]), dtype: x!.dtype };
  const types = { T: type(x!.dtype), Tpaddings: INT };
  if (value === 0) return graph.add('Pad', [x!, amounts], types, out);
  return graph.add('PadV2', [x!, amounts, graph.scalar(value, x!.dtype as 'float32')], types, out);
};

const transpose: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const perm = attrs['perm'] as number[];
  const out = { shape: perm.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  return graph.add('Transpose', [x!, graph.ints(perm)], { T: type(x!.dtype), Tperm: INT }, out);
};

const tile: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const reps = attrs['reps'] as number[];
  const out = { shape: x!.shape.map((dim, i) => dim * reps[i]!), dtype: x!.dtype };
  // Repeating an axis of one element is a broadcast, which is the faster kernel.
  if (x!.shape.every((dim, i) => dim === 1 || reps[i] === 1)) return broadcastTo(graph, x!, out.shape);
  return graph.add('Tile', [x!, graph.ints(reps)], { T: type(x!.dtype), Tmultiples: INT }, out);
};

/** tfjs kernel -> TensorFlow operation. */
export const ARRAYS: KernelTable = {
  Concat: concat,
  ExpandDims: ({ graph, inputs: { input }, attrs }) => {
    const dim = attrs['dim'] as number;
    return reshaped(
      graph,
      input!,
      input!.shape.toSpliced(dim < 0 ? dim + input!.shape.length + 1 : dim, 0, 1),
    );
  },
  Identity: ({ inputs: { x } }) => x!,
  Pack: pack,
  PadV2: pad,
  Reshape: ({ graph, inputs: { x }, attrs }) =>
    reshaped(graph, x!, util.inferFromImplicitShape(attrs['shape'] as number[], sizeOf(x!.shape))),
  SplitV: split,
  Tile: tile,
  Transpose: transpose,
  Unpack: unpack,
};
