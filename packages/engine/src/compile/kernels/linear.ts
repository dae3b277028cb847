import { backend_util } from '@tensorflow/tfjs-core';
import type { Attr, Output } from '../graph/graph.js';
import { castTo, type } from './kernel.js';
import type { KernelCall, KernelTable, Lowering } from './kernel.js';

type Shape4 = [number, number, number, number];
type Pad = 'valid' | 'same' | number | backend_util.ExplicitPadding;

/** An operation on matrices or filters, in the engine's precision: in bfloat16 its operands are rounded, its result widened. */
function contraction(
  { graph, precision }: KernelCall,
  op: string,
  operands: readonly Output[],
  attrs: Readonly<Record<string, Attr>>,
  shape: readonly number[],
): Output {
  const narrow = operands.map((x) => (x.dtype === 'float32' ? castTo(graph, x, precision) : x));
  const out = graph.add(op, narrow, { ...attrs, T: type(precision) }, { shape, dtype: precision });
  return castTo(graph, out, 'float32');
}

const matMul: Lowering = (call) => {
  const { a, b } = call.inputs as { a: Output; b: Output };
  const { transposeA = false, transposeB = false } = call.attrs as {
    transposeA?: boolean;
    transposeB?: boolean;
  };
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  if (shape.length === 2) {
    return contraction(
      call,
      'MatMul',
      [a, b],
      { transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } },
      shape,
    );
  }
  return contraction(
    call,
    'BatchMatMulV2',
    [a, b],
    { adj_x: { bool: transposeA }, adj_y: { bool: transposeB } },
    shape,
  );
};

/** What TensorFlow calls the geometry that tfjs-core has computed. */
function windowAttrs(info: backend_util.Conv2DInfo): Record<string, Attr> {
  const { type: kind, top, bottom, left, right } = info.padInfo;
  const explicit = kind === 'EXPLICIT' || kind === 'NUMBER';
  return {
    strides: { ints: [1, info.strideHeight, info.strideWidth, 1] },
    padding: { string: explicit ? 'EXPLICIT' : kind },
    ...(explicit ? { explicit_paddings: { ints: [0, 0, top, bottom, left, right, 0, 0] } } : {}),
    data_format: { string: 'NHWC' },
  };
}

function convInfo(
  call: KernelCall,
  inShape: readonly number[],
  filterShape: readonly number[],
): backend_util.Conv2DInfo {
  const {
    strides,
    pad,
    dilations = 1,
    dimRoundingMode,
    dataFormat,
  } = call.attrs as {
    strides: number | [number, number];
    pad: Pad;
    dilations?: number | [number, number];
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
    dataFormat?: string;
  };
  if (dataFormat && dataFormat !== 'NHWC')
    throw new Error(`convolutions are recorded in NHWC only, not ${dataFormat}`);
  return backend_util.computeConv2DInfo(
    [...inShape] as Shape4,
    [...filterShape] as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
}

function convAttrs(info: backend_util.Conv2DInfo): Record<string, Attr> {
  return { ...windowAttrs(info), dilations: { ints: [1, info.dilationHeight, info.dilationWidth, 1] } };
}

const conv2d: Lowering = (call) => {
  const { x, filter } = call.inputs as { x: Output; filter: Output };
  const info = convInfo(call, x.shape, filter.shape);
  return contraction(call, 'Conv2D', [x, filter], convAttrs(info), info.outShape);
};

const conv2dBackpropInput: Lowering = (call) => {
  const { dy, filter } = call.inputs as { dy: Output; filter: Output };
  const inputShape = call.attrs['inputShape'] as number[];
  const operands = [call.graph.ints(inputShape), filter, dy];
  const attrs = convAttrs(convInfo(call, inputShape, filter.shape));
  return contraction(call, 'Conv2DBackpropInput', operands, attrs, inputShape);
};

const conv2dBackpropFilter: Lowering = (call) => {
  const { x, dy } = call.inputs as { x: Output; dy: Output };
  const filterShape = call.attrs['filterShape'] as number[];
  const operands = [x, call.graph.ints(filterShape), dy];
  const attrs = convAttrs(convInfo(call, x.shape, filterShape));
  return contraction(call, 'Conv2DBackpropFilter', operands, attrs, filterShape);
};

function poolInfo(call: KernelCall, inShape: readonly number[]): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = call.attrs as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: 'valid' | 'same' | number;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  return backend_util.computePool2DInfo([...inShape] as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

function poolAttrs(info: backend_util.Conv2DInfo): Record<string, Attr> {
  return {
    ...windowAttrs(info),
    T: type('float32'),
    ksize: { ints: [1, info.filterHeight, info.filterWidth, 1] },
  };
}

const avgPool: Lowering = (call) => {
  const x = call.inputs['x']!;
  const info = poolInfo(call, x.shape);
  return call.graph.add('AvgPool', [x], poolAttrs(info), { shape: info.outShape, dtype: 'float32' });
};

const avgPoolGrad: Lowering = (call) => {
  const { dy, input } = call.inputs as { dy: Output; input: Output };
  const attrs = poolAttrs(poolInfo(call, input.shape));
  return call.graph.add('AvgPoolGrad', [call.graph.ints(input.shape), dy], attrs, input);
};

function resize(op: string): Lowering {
  return ({ graph, inputs: { images }, attrs }) => {
    const [height, width] = attrs['size'] as [number, number];
    const shape = [images!.shape[0]!, height, width, images!.shape[3]!];
    return graph.add(op, [images!, graph.ints([height, width])], resizeAttrs(attrs), {
      shape,
      dtype: 'float32',
    });
  };
}

function resizeAttrs(attrs: KernelCall['attrs']): Record<string, Attr> {
  return {
    T: type('float32'),
    align_corners: { bool: Boolean(attrs['alignCorners']) },
    half_pixel_centers: { bool: Boolean(attrs['halfPixelCenters']) },
  };
}

/** tfjs kernel -> TensorFlow operation. */
export const LINEAR: KernelTable = {
  AvgPool: avgPool,
  AvgPoolGrad: avgPoolGrad,
  BatchMatMul: matMul,
  Conv2D: conv2d,
  Conv2DBackpropFilter: conv2dBackpropFilter,
  Conv2DBackpropInput: conv2dBackpropInput,
  ResizeBilinear: resize('ResizeBilinear'),
  ResizeNearestNeighbor: resize('ResizeNearestNeighbor'),
  Softmax: ({ graph, inputs: { logits } }) =>
    graph.add('Softmax', [logits!], { T: type('float32') }, logits!),
};
