/** NumPy's .npy, version 1.0: little-endian float32 in C order. */
export function encodeNpy(values: Float32Array, shape: readonly number[]): Buffer {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const prefix = 10;
  const length = Math.ceil((prefix + fields.length + 1) / 64) * 64 - prefix;
  const header = Buffer.alloc(prefix + length, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(fields, prefix, 'latin1');
  header.write('\n', prefix + length - 1, 'latin1');
  return Buffer.concat([header, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
