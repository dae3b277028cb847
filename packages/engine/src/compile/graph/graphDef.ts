import { BYTES, DataType, type GraphDType } from './dtype.js';
import { inputNames, sizeOf, type Attr, type ConstantValue, type Graph, type GraphNode } from './graph.js';
import { ProtoWriter } from '@ddpm-fleet/core';

/** A producer version that every TensorFlow from 2.9 on reads, and at which none of the operations used is deprecated. */
export const PRODUCER = 1087;

/** `GraphDef` (tensorflow/core/framework/graph.proto) of a graph. */
export function encodeGraphDef(graph: Graph): Uint8Array {
  const writer = new ProtoWriter();
  for (const node of graph.nodes) writer.message(1, (w) => writeNode(w, node));
  return writer.message(4, (w) => w.int(1, PRODUCER)).finish();
}

function writeNode(writer: ProtoWriter, node: GraphNode): void {
  writer.string(1, node.name).string(2, node.op);
  for (const input of inputNames(node)) writer.string(3, input);
  for (const key of Object.keys(node.attrs).sort()) {
    writer.message(5, (w) => w.string(1, key).message(2, (value) => writeAttr(value, node.attrs[key]!)));
  }
}

function writeAttr(writer: ProtoWriter, attr: Attr): void {
  if ('type' in attr) writer.int(6, DataType[attr.type]);
  else if ('shape' in attr) writer.message(7, (w) => writeShape(w, attr.shape));
  else if ('int' in attr) writer.int(3, attr.int);
  else if ('float' in attr) writer.float(4, attr.float);
  else if ('bool' in attr) writer.bool(5, attr.bool);
  else if ('string' in attr) writer.string(2, attr.string);
  else if ('ints' in attr) writer.message(1, (w) => w.packedInts(3, attr.ints));
  else {
    writer.message(8, (w) => writeTensor(w, attr.tensor));
  }
}

function writeTensor(writer: ProtoWriter, { dtype, shape, bytes }: ConstantValue): void {
  writer.int(1, DataType[dtype]).message(2, (w) => writeShape(w, shape));
  if (bytes.length === sizeOf(shape) * BYTES[dtype]) writer.bytes(4, bytes);
  else writeFilling(writer, dtype, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** One element in a typed field fills the tensor; `tensor_content` would have to hold them all. */
function writeFilling(writer: ProtoWriter, dtype: GraphDType, element: DataView): void {
  if (dtype === 'float32') writer.float(5, element.getFloat32(0, true));
  else if (dtype === 'int32') writer.int(7, element.getInt32(0, true));
  else if (dtype === 'bool') writer.bool(11, element.getUint8(0) !== 0);
  else throw new Error(`a filled ${dtype} constant is not supported`);
}

export function writeShape(writer: ProtoWriter, shape: readonly number[] | 'unknown'): void {
  if (shape === 'unknown') writer.bool(3, true);
  else for (const dim of shape) writer.message(2, (w) => w.int(1, dim));
}
