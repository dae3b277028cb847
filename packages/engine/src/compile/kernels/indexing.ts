import { slice_util, util } from '@tensorflow/tfjs-core';
import type { Output } from '../graph/graph.js';
import { type } from './kernel.js';
import type { KernelTable, Lowering } from './kernel.js';

const INT = type('int32');

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

/** tfjs kernel -> TensorFlow operation. */
export const INDEXING: KernelTable = {
  Cumprod: scan('Cumprod'),
  Cumsum: scan('Cumsum'),
  GatherV2: gather,
  OneHot: oneHot,
  Reverse: reverse,
  Slice: slice,
  StridedSlice: stridedSlice,
  UnsortedSegmentSum: segmentSum,
};
