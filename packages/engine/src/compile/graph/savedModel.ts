import { DataType } from './dtype.js';
import { writeShape } from './graphDef.js';
import type { Port } from '../modulePlan.js';
import { ProtoWriter } from '@ddpm-fleet/core';

/** What a signature of a SavedModel takes and gives, by the names that its callers use. */
export interface Signature {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** `SavedModel` (tensorflow/core/protobuf/saved_model.proto) with one graph, tagged `serve`. */
export function encodeSavedModel(
  graphDef: Uint8Array,
  signatures: Readonly<Record<string, Signature>> = {},
): Uint8Array {
  return new ProtoWriter()
    .int(1, 1)
    .message(2, (graph) => {
      graph.message(1, (info) => info.string(4, 'serve')).bytes(2, graphDef);
      for (const [name, signature] of Object.entries(signatures)) {
        graph.message(5, (entry) => entry.string(1, name).message(2, (w) => writeSignature(w, signature)));
      }
    })
    .finish();
}

function writeSignature(writer: ProtoWriter, { inputs, outputs }: Signature): void {
  for (const input of inputs) writeTensorInfo(writer, 1, input);
  for (const output of outputs) writeTensorInfo(writer, 2, output);
  writer.string(3, 'tensorflow/serving/predict');
}

function writeTensorInfo(writer: ProtoWriter, field: number, { name, tensor, dtype, shape }: Port): void {
  writer.message(field, (entry) =>
    entry.string(1, name).message(2, (info) =>
      info
        .string(1, tensor)
        .int(2, DataType[dtype])
        .message(3, (w) => writeShape(w, shape)),
    ),
  );
}
