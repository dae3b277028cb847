import { fleetError } from '@ddpm-fleet/core';

/** Bytes an element of each dtype takes. */
export const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;
export type Dtype = keyof typeof DTYPE_BYTES;

/** Others exist (F8_E4M3, F4, C64, ...), and more will. */
export function isKnown(dtype: string): dtype is Dtype {
  return dtype in DTYPE_BYTES;
}

/** A tensor in a file: bytes [start, end) of the data section, row-major, little endian. */
export interface TensorHeader {
  readonly name: string;
  /** A `Dtype`, or one that is not read here. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** By offset. */
  readonly tensors: readonly TensorHeader[];
  /** Where the data section starts in the file. */
  readonly dataStart: number;
  /** Of the whole file. */
  readonly sizeBytes: number;
}

/** A header longer than this is a damaged length, not a header (the reference implementation has the same limit). */
export const MAX_HEADER_BYTES = 100_000_000;

/**
 * The head of a file whose data section holds `tensors` one after the other: u64 LE length, JSON, spaces to 8 bytes.
 * The JSON is put together by hand because a JavaScript object would move names such as "0" to the front.
 */
export function encodeHeader(
  tensors: readonly { name: string; dtype: Dtype; shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const fields = [`"__metadata__":${JSON.stringify(metadata)}`];
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + sizeOf(shape) * DTYPE_BYTES[dtype];
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = Buffer.from(`{${fields.join(',')}}`);
  const head = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  json.copy(head, 8);
  return head;
}

/**
 * Length of the JSON, from the first 8 bytes of a file.
 * @throws DDPM_ERR_SAFETENSORS
 */
export function headerLength(first8: Uint8Array, file: string): number {
  if (first8.length < 8) throw damaged(file, 'it ends inside the header');
  const length = Buffer.from(first8.buffer, first8.byteOffset, 8).readBigUInt64LE();
  if (length > BigInt(MAX_HEADER_BYTES)) throw damaged(file, `the header would be ${length} bytes long`);
  return Number(length);
}

/**
 * Reads and checks the JSON: offsets must cover the data section without gap or overlap and agree with the shapes.
 * @throws DDPM_ERR_SAFETENSORS
 */
export function parseHeader(json: Uint8Array, file: string): SafetensorsHeader {
  const document = parseJson(json, file);
  const { __metadata__: metadata = {}, ...entries } = document;
  const tensors = Object.entries(entries).map(([name, entry]) => parseTensor(name, entry, file));
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  let offset = 0;
  for (const { name, start, end } of tensors) {
    if (start !== offset) throw damaged(file, `tensor ${name} starts at ${start}, not at ${offset}`);
    offset = end;
  }
  const dataStart = 8 + json.length;
  return { metadata: metadata as Record<string, string>, tensors, dataStart, sizeBytes: dataStart + offset };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function damaged(file: string, problem: string): Error {
  return fleetError('DDPM_ERR_SAFETENSORS', { file, problem });
}

function parseJson(json: Uint8Array, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Whatever is wrong with it, it is not a header.
  }
  throw damaged(file, 'the header is not a JSON object');
}

function parseTensor(name: string, entry: unknown, file: string): TensorHeader {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const natural = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (typeof dtype !== 'string') throw damaged(file, `tensor ${name} has dtype ${String(dtype)}`);
  if (!natural(shape) || !natural(offsets) || offsets.length !== 2) {
    throw damaged(file, `tensor ${name} has no usable shape and offsets`);
  }
  const [start, end] = offsets as [number, number];
  if (end < start) throw damaged(file, `tensor ${name} ends at ${end}, before it starts at ${start}`);
  if (isKnown(dtype) && end - start !== sizeOf(shape) * DTYPE_BYTES[dtype]) {
    throw damaged(file, `tensor ${name} takes ${end - start} bytes, which is not its shape`);
  }
  return { name, dtype, shape, start, end };
}
