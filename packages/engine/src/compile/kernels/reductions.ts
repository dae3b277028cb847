import { backend_util, util } from '@tensorflow/tfjs-core';
import type { GraphDType } from '../graph/dtype.js';
import type { Output } from '../graph/graph.js';
import { castTo, type } from './kernel.js';
import type { KernelTable, Lowering } from './kernel.js';

/** y = op over `axis` (all axes when absent). */
function reduction(op: string, typed: boolean, axisAttr = 'axis'): Lowering {
  return ({ graph, inputs: { x }, attrs }) => {
    const axes = util.parseAxisParam((attrs[axisAttr] ?? attrs['axis']) as number[], [...x!.shape]);
    const keepDims = Boolean(attrs['keepDims']);
    const attributes = {
      keep_dims: { bool: keepDims },
      Tidx: type('int32'),
      ...(typed ? { T: type(x!.dtype) } : {}),
    };
    const out = { shape: reducedShape(x!, axes, keepDims), dtype: x!.dtype };
    return graph.add(op, [x!, graph.ints(axes)], attributes, out);
  };
}

function reducedShape(x: Output, axes: readonly number[], keepDims: boolean): number[] {
  const [kept] = backend_util.computeOutAndReduceShapes([...x.shape], [...axes]);
  return keepDims ? backend_util.expandShapeToKeepDim(kept, [...axes]) : kept;
}

/** tfjs gives the mean of integers as float32. */
const mean: Lowering = (call) =>
  reduction('Mean', true)({ ...call, inputs: { x: castTo(call.graph, call.inputs['x']!, 'float32') } });

function argument(op: string): Lowering {
  return ({ graph, inputs: { x }, attrs }) => {
    const axis = util.parseAxisParam(attrs['axis'] as number, [...x!.shape])[0]!;
    const types = { T: type(x!.dtype), Tidx: type('int32'), output_type: type('int32') };
    const out = { shape: reducedShape(x!, [axis], false), dtype: 'int32' as GraphDType };
    return graph.add(op, [x!, graph.ints(axis)], types, out);
  };
}

/** Values and indices of the k greatest along the last axis. */
const topK: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const k = attrs['k'] as number;
  const shape = [...x!.shape.slice(0, -1), k];
  const types = { T: type(x!.dtype), sorted: { bool: Boolean(attrs['sorted']) } };
  const outs = [
    { shape, dtype: x!.dtype },
    { shape, dtype: 'int32' as GraphDType },
  ];
  return graph.addMany('TopKV2', [x!, graph.scalar(k, 'int32')], types, outs);
};

/** tfjs kernel -> TensorFlow operation. */
export const REDUCTIONS: KernelTable = {
  All: reduction('All', false),
  Any: reduction('Any', false),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Max: reduction('Max', true, 'reductionIndices'),
  Mean: mean,
  Min: reduction('Min', true),
  Prod: reduction('Prod', true),
  Sum: reduction('Sum', true),
  TopK: topK,
};
