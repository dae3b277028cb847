import { slice_util, util } from '@tensorflow/tfjs-core';
import { sizeOf, type Output } from '../graph/graph.js';
import { toConstant } from '../constants.js';
import { broadcastTo, listInputs, reshaped, type } from './kernel.js';
import type { KernelCall, KernelTable, Lowering } from './kernel.js';

const INT = type('int32');

function filled(call: KernelCall, shape: readonly number[], value: number, dtype: string): Output {
  const size = Math.max(1, sizeOf(shape));
  if (sizeOf(shape) === 0) return call.graph.constant(toConstant(new Float32Array(0), shape, dtype));
  const values = new Float32Array(Math.min(size, 16)).fill(value);
  const { bytes } = toConstant(values, [values.length], dtype);
  return call.graph.constant({ dtype: dtype as 'float32', shape, bytes });
}

const slice: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const [begin, size] = slice_util.parseSliceParams(
    { shape: [...x!.shape], dtype: 'float32', dataId: {} },
    attrs['begin'] as number[],
    attrs['size'] as number[],
  );
  const operands = [x!, graph.ints(begin), graph.ints(size)];
  return graph.add('Slice', operands, { T: type(x!.dtype), Index: INT }, { shape: size, dtype: x!.dtype });
};

const stridedSlice: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const mask = (name: string): number => attrs[name] as number;
  const list = (name: string): number[] => attrs[name] as number[];
  const { finalShape } = slice_util.sliceInfo(
    [...x!.shape],
    list('begin'),
    list('end'),
    list('strides'),
    mask('beginMask'),
    mask('endMask'),
    mask('ellipsisMask'),
    mask('newAxisMask'),
    mask('shrinkAxisMask'),
  );
  return graph.add(
    'StridedSlice',
    [x!, graph.ints(list('begin')), graph.ints(list('end')), graph.ints(list('strides'))],
    {
      T: type(x!.dtype),
      Index: INT,
      begin_mask: { int: mask('beginMask') },
      end_mask: { int: mask('endMask') },
      ellipsis_mask: { int: mask('ellipsisMask') },
      new_axis_mask: { int: mask('newAxisMask') },
      shrink_axis_mask: { int: mask('shrinkAxisMask') },
    },
    { shape: finalShape, dtype: x!.dtype },
  );
};

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

const reverse: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const axes = util.parseAxisParam(attrs['dims'] as number[], [...x!.shape]);
  return graph.add('ReverseV2', [x!, graph.ints(axes)], { T: type(x!.dtype), Tidx: INT }, x!);
};

const gather: Lowering = ({ graph, inputs, attrs }) => {
  const { x, indices } = inputs as { x: Output; indices: Output };
  const axis = util.parseAxisParam((attrs['axis'] as number) ?? 0, [...x.shape])[0]!;
  const batchDims = (attrs['batchDims'] as number) ?? 0;
  const shape = [...x.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...x.shape.slice(axis + 1)];
  return graph.add(
    'GatherV2',
    [x, indices, graph.ints(axis)],
    { Tparams: type(x.dtype), Tindices: INT, Taxis: INT, batch_dims: { int: batchDims } },
    { shape, dtype: x.dtype },
  );
};

const segmentSum: Lowering = ({ graph, inputs, attrs }) => {
  const { x, segmentIds } = inputs as { x: Output; segmentIds: Output };
  const count = attrs['numSegments'] as number;
  const types = { T: type(x.dtype), Tindices: INT, Tnumsegments: INT };
  const out = { shape: [count, ...x.shape.slice(segmentIds.shape.length)], dtype: x.dtype };
  return graph.add('UnsortedSegmentSum', [x, segmentIds, graph.ints(count)], types, out);
};

const oneHot: Lowering = ({ graph, inputs: { indices }, attrs }) => {
  const depth = attrs['depth'] as number;
  const dtype = ((attrs['dtype'] as string | undefined) ?? 'int32') as 'float32' | 'int32';
  const values = [
    graph.scalar(attrs['onValue'] as number, dtype),
    graph.scalar(attrs['offValue'] as number, dtype),
  ];
  return graph.add(
    'OneHot',
    [indices!, graph.ints(depth), ...values],
    { T: type(dtype), TI: INT, axis: { int: -1 } },
    { shape: [...indices!.shape, depth], dtype },
  );
};

function scan(op: string): Lowering {
  return ({ graph, inputs: { x }, attrs }) =>
    graph.add(
      op,
      [x!, graph.ints(attrs['axis'] as number)],
      {
        T: type(x!.dtype),
        Tidx: INT,
        exclusive: { bool: Boolean(attrs['exclusive']) },
        reverse: { bool: Boolean(attrs['reverse']) },
      },
      x!,
    );
}

const range: Lowering = (call) => {
  const { start, stop, step, dtype } = call.attrs as {
    start: number;
    stop: number;
    step: number;
    dtype: string;
  };
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const values = Array.from({ length }, (_, i) => start + i * step);
  return call.graph.constant(toConstant(Float32Array.from(values), [length], dtype));
};

const linSpace: Lowering = ({ graph, attrs }) => {
  const { start, stop, num } = attrs as { start: number; stop: number; num: number };
  const values = Float32Array.from(
    { length: num },
    (_, i) => start + (i * (stop - start)) / Math.max(1, num - 1),
  );
  return graph.constant(toConstant(values, [num], 'float32'));
};

/** tfjs kernel -> TensorFlow operation. */
export const ARRAYS: KernelTable = {
  Concat: concat,
  Cumprod: scan('Cumprod'),
  Cumsum: scan('Cumsum'),
  ExpandDims: ({ graph, inputs: { input }, attrs }) => {
    const dim = attrs['dim'] as number;
    return reshaped(
      graph,
      input!,
      input!.shape.toSpliced(dim < 0 ? dim + input!.shape.length + 1 : dim, 0, 1),
    );
  },
  Fill: (call) =>
    filled(
      call,
      call.attrs['shape'] as number[],
      call.attrs['value'] as number,
      (call.attrs['dtype'] as string) ?? 'float32',
    ),
  GatherV2: gather,
  Identity: ({ inputs: { x } }) => x!,
  LinSpace: linSpace,
  OneHot: oneHot,
  OnesLike: (call) => filled(call, call.inputs['x']!.shape, 1, call.inputs['x']!.dtype),
  Pack: pack,
  PadV2: pad,
  Range: range,
  Reshape: ({ graph, inputs: { x }, attrs }) =>
    reshaped(graph, x!, util.inferFromImplicitShape(attrs['shape'] as number[], sizeOf(x!.shape))),
  Reverse: reverse,
  Slice: slice,
  SplitV: split,
  StridedSlice: stridedSlice,
  Tile: tile,
  Transpose: transpose,
  Unpack: unpack,
  UnsortedSegmentSum: segmentSum,
  ZerosLike: (call) => filled(call, call.inputs['x']!.shape, 0, call.inputs['x']!.dtype),
};
