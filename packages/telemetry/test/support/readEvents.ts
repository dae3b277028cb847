import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskedCrc32c } from '../../src/tensorboard/crc32c.js';

/** A point or a session start, in the order of the files: what the protobuf of TensorBoard says, read independently. */
export interface Read {
  readonly step: number;
  readonly isStart: boolean;
  readonly values: Readonly<Record<string, number>>;
  readonly tags: readonly string[];
}

type Field = { readonly wire: number; readonly bytes: Buffer; readonly value: bigint };

/** Events of every file of a directory. @throws Error for a wrong length or checksum */
export function readEvents(directory: string): Read[] {
  const names = readdirSync(directory).filter((name) => name.includes('tfevents'));
  return names.toSorted().flatMap((name) => records(readFileSync(join(directory, name))).map(event));
}

/** What a reader shows of a scalar that heeds session starts: step -> value. */
export function shown(events: readonly Read[], tag: string): Map<number, number> {
  const points = new Map<number, number>();
  for (const { step, isStart, values } of events) {
    if (isStart) for (const one of points.keys()) if (one >= step) points.delete(one);
    if (values[tag] === undefined) continue;
    if (points.has(step)) throw new Error(`${tag} at step ${step} comes twice`);
    points.set(step, values[tag]);
  }
  return points;
}

function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (bytes.readUInt32LE(at + 8) !== maskedCrc32c(bytes.subarray(at, at + 8))) throw new Error('length');
    if (bytes.readUInt32LE(at + 12 + length) !== maskedCrc32c(data)) throw new Error('data');
    found.push(data);
    at += length + 16;
  }
  return found;
}

function event(bytes: Buffer): Read {
  const fields = read(bytes);
  const summaries = (fields.get(5) ?? []).flatMap((one) => read(one.bytes).get(1) ?? []);
  const values = summaries.map((one) => read(one.bytes));
  const tagOf = (value: Map<number, Field[]>) => value.get(1)![0]!.bytes.toString();
  return {
    step: Number(fields.get(2)?.[0]?.value ?? 0n),
    isStart: fields.has(7),
    tags: values.map(tagOf),
    values: Object.fromEntries(
      values.flatMap((value) =>
        value.has(2) ? [[tagOf(value), value.get(2)![0]!.bytes.readFloatLE()]] : [],
      ),
    ),
  };
}

function read(bytes: Buffer): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const SIZES: Record<number, () => number> = { 1: () => 8, 2: () => Number(varint()), 5: () => 4 };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const value = wire === 0 ? varint() : 0n;
    const size = SIZES[wire]?.() ?? 0;
    fields.set(tag >> 3, [
      ...(fields.get(tag >> 3) ?? []),
      { wire, value, bytes: bytes.subarray(at, at + size) },
    ]);
    at += size;
  }
  return fields;
}
