import type { io } from '@tensorflow/tfjs-core';
import { constantValues } from '../constants.js';
import type { GraphDType } from '../graph/dtype.js';
import { inputNames, type Attr, type ConstantValue, type GraphNode } from '../graph/graph.js';
import { PRODUCER } from '../graph/graphDef.js';
import type { Port } from '../modulePlan.js';
import type { FrozenProgram } from './freeze.js';

const NAMES: Readonly<Record<GraphDType, string>> = {
  float32: 'DT_FLOAT',
  float64: 'DT_DOUBLE',
  uint8: 'DT_UINT8',
  int32: 'DT_INT32',
  int64: 'DT_INT64',
  bool: 'DT_BOOL',
  bfloat16: 'DT_BFLOAT16',
  resource: 'DT_RESOURCE',
  uint64: 'DT_UINT64',
};

/**
 * A program as a TF.js graph model: what `tf.io` handlers save and `tf.loadGraphModel` loads, in the browser too.
 * Constants are its weights, named after their nodes.
 */
export function graphModelOf({ graph, inputs, outputs }: FrozenProgram): io.ModelArtifacts {
  const constants = graph.nodes.flatMap((node) => {
    const value = node.attrs['value'];
    return node.op === 'Const' && value && 'tensor' in value
      ? [{ name: node.name, value: value.tensor }]
      : [];
  });
  return {
    format: 'graph-model',
    generatedBy: 'ddpm-fleet',
    convertedBy: null,
    modelTopology: { node: graph.nodes.map(nodeJson), library: {}, versions: { producer: PRODUCER } },
    weightSpecs: constants.map(({ name, value: { shape, dtype } }) => ({
      name,
      shape: [...shape],
      dtype: dtype as 'float32' | 'int32' | 'bool',
    })),
    weightData: joined(constants.map(({ value }) => value)),
    signature: { inputs: portsJson(inputs), outputs: portsJson(outputs) },
  };
}

function nodeJson(node: GraphNode): object {
  const attr = Object.fromEntries(Object.entries(node.attrs).map(([key, value]) => [key, attrJson(value)]));
  return { name: node.name, op: node.op, input: inputNames(node), attr };
}

/** The JSON mapping of protocol buffers: 64-bit integers are strings, bytes base64. */
function attrJson(attr: Attr): object {
  if ('type' in attr) return { type: NAMES[attr.type] };
  if ('shape' in attr) return { shape: shapeJson(attr.shape) };
  if ('int' in attr) return { i: String(attr.int) };
  if ('float' in attr) return { f: attr.float };
  if ('bool' in attr) return { b: attr.bool };
  if ('string' in attr) return { s: Buffer.from(attr.string).toString('base64') };
  if ('ints' in attr) return { list: { i: attr.ints.map(String) } };
  return { tensor: { dtype: NAMES[attr.tensor.dtype], tensorShape: shapeJson(attr.tensor.shape) } };
}

function shapeJson(shape: readonly number[] | 'unknown'): object {
  return shape === 'unknown' ? { unknownRank: true } : { dim: shape.map((size) => ({ size: String(size) })) };
}

function portsJson(ports: readonly Port[]): Record<string, object> {
  return Object.fromEntries(
    ports.map(({ name, tensor, dtype, shape }) => {
      return [name, { name: tensor, dtype: NAMES[dtype], tensorShape: shapeJson(shape) }];
    }),
  );
}

function joined(values: readonly ConstantValue[]): ArrayBuffer {
  const parts = values.map((value) => constantValues(value));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return out.buffer;
}
