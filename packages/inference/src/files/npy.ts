import { fleetError } from '@ddpm-fleet/core';

export type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** An array as NumPy has it: values in C order. */
export interface NpyArray {
  readonly values: NumericArray;
  readonly shape: readonly number[];
}

const MAGIC = '\x93NUMPY';
const PREFIX = 10;
const ALIGNMENT = 64;

const TYPES = {
  '<f4': Float32Array,
  '<f8': Float64Array,
  '<i4': Int32Array,
  '|u1': Uint8Array,
} as const;

/** NumPy's .npy, version 1.0: little-endian, C order. */
export function encodeNpy(values: NumericArray, shape: readonly number[]): Buffer {
  const descr = Object.entries(TYPES).find(([, type]) => values instanceof type)![0];
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((PREFIX + fields.length + 1) / ALIGNMENT) * ALIGNMENT - PREFIX;
  const header = Buffer.alloc(PREFIX + length, ' ');
  header.write(`${MAGIC}\x01\x00`, 0, 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(fields, PREFIX, 'latin1');
  header.write('\n', PREFIX + length - 1, 'latin1');
  return Buffer.concat([header, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

/**
 * Reads what `numpy.save` writes of float32, float64, int32 and uint8, in C order.
 * @param file names it in errors
 * @throws DDPM_ERR_NPY
 */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const fail = (detail: string): never => {
    throw fleetError('DDPM_ERR_NPY', { file, detail });
  };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) fail('it does not begin as a NumPy array does');
  const isLong = buffer[6]! > 1;
  const start = isLong ? 12 : PREFIX;
  const end = start + (isLong ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8));
  const header = buffer.toString('latin1', start, end);
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? '').match(/\d+/g)?.map(Number) ?? [];
  const type = TYPES[descr as keyof typeof TYPES] ?? fail(`its numbers are ${descr || 'of no known type'}`);
  if (/'fortran_order':\s*True/.test(header) && shape.length > 1) fail('its order is that of Fortran');
  const count = shape.reduce((product, n) => product * n, 1);
  const sizeBytes = count * type.BYTES_PER_ELEMENT;
  if (buffer.length - end < sizeBytes) fail(`it is cut off: ${buffer.length - end} of ${sizeBytes} bytes`);
  // A copy, because typed arrays need an aligned offset.
  return {
    values: new type(
      buffer.buffer.slice(buffer.byteOffset + end, buffer.byteOffset + end + sizeBytes) as ArrayBuffer,
    ),
    shape,
  };
}
