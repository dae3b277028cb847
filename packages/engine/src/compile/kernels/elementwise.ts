import { backend_util } from '@tensorflow/tfjs-core';
import type { Output } from '../graph/graph.js';
import { dropout } from '../native/dropout.js';
import { broadcastTo, castTo, filledWith, listInputs, sameShape, type } from './kernel.js';
import type { KernelCall, KernelTable, Lowering } from './kernel.js';

/** y = op(x), same shape and type. */
function unary(op: string): Lowering {
  return ({ graph, inputs: { x } }) => graph.add(op, [x!], { T: type(x!.dtype) }, x!);
}

/** A float test of each element. */
function test(op: string): Lowering {
  return ({ graph, inputs: { x } }) =>
    graph.add(op, [x!], { T: type(x!.dtype) }, { shape: x!.shape, dtype: 'bool' });
}

/** y = op(a, b) with broadcasting; tfjs-core has made the types equal. */
function binary(op: string): Lowering {
  return (call) => {
    const [a, b, shape] = broadcastPair(call);
    return call.graph.add(op, [a, b], { T: type(a.dtype) }, { shape, dtype: a.dtype });
  };
}

function comparison(op: string): Lowering {
  return (call) => {
    const [a, b, shape] = broadcastPair(call);
    return call.graph.add(op, [a, b], { T: type(a.dtype) }, { shape, dtype: 'bool' });
  };
}

function logical(op: string): Lowering {
  return (call) => {
    const [a, b, shape] = broadcastPair(call);
    return call.graph.add(op, [a, b], {}, { shape, dtype: 'bool' });
  };
}

/** Operands and the shape of their result; a filled constant shrinks to a scalar where the other has that shape. */
function broadcastPair({ graph, inputs }: KernelCall): [Output, Output, number[]] {
  const a = inputs['a']!;
  const b = inputs['b']!;
  const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  const shrink = (x: Output, other: Output): Output => {
    const value = x.shape.length > 0 && sameShape(other.shape, shape) ? filledWith(x) : undefined;
    return value === undefined || x.dtype === 'bool'
      ? x
      : graph.scalar(value, x.dtype as 'float32' | 'int32');
  };
  return [shrink(a, b), shrink(b, a), shape];
}

/** a + b; a vector along the last axis of an activation is a `BiasAdd`, which fuses with the convolution before it. */
const add: Lowering = (call) => {
  const { a, b } = call.inputs as { a: Output; b: Output };
  const isBias = b.shape.length === 1 && a.shape.length >= 2 && a.shape.at(-1) === b.shape[0];
  if (!isBias || a.dtype !== 'float32') return binary('AddV2')(call);
  const attrs = { T: type(a.dtype), data_format: { string: 'NHWC' } };
  return call.graph.add('BiasAdd', [a, b], attrs, a);
};

/** a * b; tfjs-core writes the gradient of a mean or sum as a product with ones, which is a broadcast. */
const multiply: Lowering = (call) => {
  const { a, b } = call.inputs as { a: Output; b: Output };
  const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  if (filledWith(b) === 1) return broadcastTo(call.graph, a, shape);
  if (filledWith(a) === 1) return broadcastTo(call.graph, b, shape);
  const dropped = call.native ? (dropout(call, a, b) ?? dropout(call, b, a)) : undefined;
  return dropped ?? scaledMask(call, a, b) ?? scaledMask(call, b, a) ?? binary('Mul')(call);
};

/** float(condition) * scalar, as dropout has it: one pass that chooses between scalar and 0. */
function scaledMask({ graph }: KernelCall, mask: Output, factor: Output): Output | undefined {
  const condition = mask.node.op === 'Cast' ? mask.node.inputs[0]! : undefined;
  const value = filledWith(factor);
  if (condition?.dtype !== 'bool' || mask.dtype !== 'float32' || value === undefined) return undefined;
  if (factor.shape.length > 0 && !sameShape(factor.shape, mask.shape)) return undefined;
  const sides = [graph.scalar(value), graph.scalar(0)];
  return graph.add('SelectV2', [condition, ...sides], { T: type('float32') }, mask);
}

const addN: Lowering = (call) => {
  const terms = listInputs(call);
  const attrs = { N: { int: terms.length }, T: type(terms[0]!.dtype) };
  return call.graph.add('AddN', terms, attrs, terms[0]!);
};

const cast: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const dtype = attrs['dtype'] as 'float32' | 'int32' | 'bool';
  // Bytes reach a body as int32: what turns them into floats reads the bytes.
  const source = x!.node.op === 'Cast' && x!.node.inputs[0]!.dtype === 'uint8' ? x!.node.inputs[0]! : x!;
  return castTo(graph, dtype === 'int32' ? x! : source, dtype);
};

/** condition ? t : e, with broadcasting. */
const select: Lowering = ({ graph, inputs }) => {
  const { condition, t, e } = inputs as { condition: Output; t: Output; e: Output };
  const scalar = (x: Output, other: Output): Output => {
    const value = sameShape(other.shape, condition.shape) ? filledWith(x) : undefined;
    return value === undefined || x.dtype === 'bool'
      ? x
      : graph.scalar(value, x.dtype as 'float32' | 'int32');
  };
  const shape = backend_util.assertAndGetBroadcastShape(
    backend_util.assertAndGetBroadcastShape([...condition.shape], [...t.shape]),
    [...e.shape],
  );
  const operands = [condition, scalar(t, e), scalar(e, t)];
  return graph.add('SelectV2', operands, { T: type(t.dtype) }, { shape, dtype: t.dtype });
};

const clipByValue: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const dtype = x!.dtype as 'float32' | 'int32';
  const low = graph.scalar(attrs['clipValueMin'] as number, dtype);
  const high = graph.scalar(attrs['clipValueMax'] as number, dtype);
  return graph.add('ClipByValue', [x!, low, high], { T: type(dtype) }, x!);
};

/** x > 0 ? 1 : alpha * 0 + alpha, as tfjs has it; NaN stays NaN. */
const step: Lowering = ({ graph, inputs: { x }, attrs }) => {
  const zero = graph.scalar(0);
  const positive = graph.add(
    'Greater',
    [x!, zero],
    { T: type('float32') },
    { shape: x!.shape, dtype: 'bool' },
  );
  const sides = [graph.scalar(1), graph.scalar((attrs['alpha'] as number | undefined) ?? 0)];
  const flat = graph.add('SelectV2', [positive, ...sides], { T: type('float32') }, x!);
  const isNan = graph.add('IsNan', [x!], { T: type('float32') }, { shape: x!.shape, dtype: 'bool' });
  return graph.add('SelectV2', [isNan, x!, flat], { T: type('float32') }, x!);
};

/** tfjs kernel -> TensorFlow operation. */
export const ELEMENTWISE: KernelTable = {
  Abs: unary('Abs'),
  Ceil: unary('Ceil'),
  Cos: unary('Cos'),
  Elu: unary('Elu'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Expm1: unary('Expm1'),
  Floor: unary('Floor'),
  Log: unary('Log'),
  Log1p: unary('Log1p'),
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Round: unary('Round'),
  Rsqrt: unary('Rsqrt'),
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Softplus: unary('Softplus'),
  Sqrt: unary('Sqrt'),
  Square: unary('Square'),
  Tanh: unary('Tanh'),

  IsFinite: test('IsFinite'),
  IsInf: test('IsInf'),
  IsNan: test('IsNan'),
  LogicalNot: ({ graph, inputs: { x } }) => graph.add('LogicalNot', [x!], {}, x!),

  Add: add,
  Atan2: binary('Atan2'),
  FloorDiv: binary('FloorDiv'),
  Maximum: binary('Maximum'),
  Minimum: binary('Minimum'),
  Mod: binary('FloorMod'),
  Multiply: multiply,
  Pow: binary('Pow'),
  RealDiv: binary('RealDiv'),
  SquaredDifference: binary('SquaredDifference'),
  Sub: binary('Sub'),

  Equal: comparison('Equal'),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessEqual'),
  NotEqual: comparison('NotEqual'),
  LogicalAnd: logical('LogicalAnd'),
  LogicalOr: logical('LogicalOr'),

  AddN: addN,
  Cast: cast,
  ClipByValue: clipByValue,
  Select: select,
  Step: step,
};
