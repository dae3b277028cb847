import { ProtoWriter } from '@ddpm-fleet/core';
import { maskedCrc32c } from './crc32c.js';

/** One value of a summary (tensorflow/core/framework/summary.proto). */
export type Value = (writer: ProtoWriter) => void;

const DT_STRING = 7;
const SESSION_START = 1;

export function scalar(tag: string, value: number): Value {
  return (writer) => writer.string(1, tag).float(2, value);
}

/** @param png whole file; its size stands in its header */
export function image(tag: string, png: Uint8Array): Value {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return (writer) =>
    writer
      .string(1, tag)
      .message(4, (inner) =>
        inner.int(1, header.getUint32(20)).int(2, header.getUint32(16)).int(3, 3).bytes(4, png),
      );
}

/** Bars of any heights: `heights[i]` stands between `edges[i]` and `edges[i + 1]`. */
export function bars(tag: string, edges: readonly number[], heights: readonly number[]): Value {
  const middles = heights.map((_, i) => (edges[i]! + edges[i + 1]!) / 2);
  const total = (weight: (middle: number) => number) =>
    heights.reduce((sum, height, i) => sum + height * weight(middles[i]!), 0);
  return (writer) =>
    writer.string(1, tag).message(5, (histogram) =>
      histogram
        .double(1, edges[0]!)
        .double(2, edges.at(-1)!)
        .double(
          3,
          total(() => 1),
        )
        .double(
          4,
          total((middle) => middle),
        )
        .double(
          5,
          total((middle) => middle * middle),
        )
        .packedDoubles(6, edges)
        .packedDoubles(7, [0, ...heights]),
    );
}

/** @param markdown is shown as such */
export function text(tag: string, markdown: string): Value {
  return (writer) =>
    writer
      .string(1, tag)
      .message(8, (tensor) =>
        tensor
          .int(1, DT_STRING)
          .message(2, (shape) => shape.message(2, (dimension) => dimension.int(1, 1)))
          .string(8, markdown),
      )
      .message(9, (metadata) => plugin(metadata, 'text', new Uint8Array()));
}

/** The settings of a run, for the HPARAMS tab (tensorboard/plugins/hparams/plugin_data.proto). */
export function hparams(values: Readonly<Record<string, number | string | boolean>>, name: string): Value {
  const content = new ProtoWriter().message(3, (start) => {
    for (const [key, value] of Object.entries(values))
      start.message(1, (entry) => entry.string(1, key).message(2, (inner) => jsonValue(inner, value)));
    start.string(4, name);
  });
  return (writer) =>
    writer
      .string(1, '_hparams_/session_start_info')
      .message(9, (metadata) => plugin(metadata, 'hparams', content.finish()));
}

function plugin(metadata: ProtoWriter, name: string, content: Uint8Array): void {
  metadata.message(1, (data) => data.string(1, name).bytes(2, content));
}

/** google.protobuf.Value */
function jsonValue(writer: ProtoWriter, value: number | string | boolean): void {
  if (typeof value === 'number') writer.double(2, value);
  else if (typeof value === 'string') writer.string(3, value);
  else writer.bool(4, value);
}

/** The first record of a file. @param at seconds since 1970 */
export function fileVersion(at: number): Uint8Array {
  return record(new ProtoWriter().double(1, at).string(3, 'brain.Event:2'));
}

/** What stands written of this step and later ones is void. */
export function sessionStart(at: number, step: number): Uint8Array {
  const event = new ProtoWriter().double(1, at).int(2, step);
  return record(event.message(7, (log) => log.int(1, SESSION_START)));
}

export function summary(at: number, step: number, values: readonly Value[]): Uint8Array {
  const event = new ProtoWriter().double(1, at).int(2, step);
  return record(event.message(5, (inner) => values.forEach((value) => inner.message(1, value))));
}

/** A record of a TFRecord file: length and data, each with its checksum. */
function record(event: ProtoWriter): Uint8Array {
  const data = event.finish();
  const bytes = Buffer.alloc(data.length + 16);
  bytes.writeBigUInt64LE(BigInt(data.length), 0);
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return bytes;
}
