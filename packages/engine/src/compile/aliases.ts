import type { Graph, Output } from './graph/graph.js';
import { filledWith, type } from './kernels/kernel.js';

/** Operations whose result can be the buffer of their first input. */
const PASSING = new Set([
  'BroadcastTo',
  'Cast',
  'ConcatV2',
  'GatherV2',
  'Identity',
  'Pad',
  'PadV2',
  'Reshape',
  'ReverseV2',
  'Slice',
  'SplitV',
  'StridedSlice',
  'Sum',
  'Tile',
  'Transpose',
  'Unpack',
]);

/** Operations that TensorFlow drops when one operand is a constant 0 or 1. */
const NEUTRAL = new Set(['AddV2', 'Mul', 'Pow', 'RealDiv', 'Sub']);

/**
 * `value`, copied on the device if it may be an argument's own buffer: that is memory of JavaScript, which its owner
 * changes and which must not be released by TensorFlow's threads, so no variable may hold it.
 */
export function copiedIfAliased(graph: Graph, value: Output): Output {
  if (!mayBeArgument(value)) return value;
  return graph.add('DeepCopy', [value], { T: type(value.dtype) }, value);
}

function mayBeArgument({ node }: Output): boolean {
  if (node.op === 'Placeholder') return true;
  if (PASSING.has(node.op)) return node.inputs.some(mayBeArgument);
  if (NEUTRAL.has(node.op)) return node.inputs.some(isNeutral) && node.inputs.some(mayBeArgument);
  return false;
}

function isNeutral(output: Output): boolean {
  const value = filledWith(output);
  return value === 0 || value === 1;
}
