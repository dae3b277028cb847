import type { TensorValues } from './encode.js';
import { damaged } from './header.js';

/**
 * The bytes of a tensor as numbers. F16 and BF16 are widened to float32, which is exact; U8, I8 and BOOL stay bytes.
 * @throws DDPM_ERR_SAFETENSORS for integer dtypes that no writer here makes
 */
export function valuesOf(bytes: Uint8Array<ArrayBuffer>, dtype: string, file: string): TensorValues {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return new Float64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U8':
    case 'BOOL':
      return bytes;
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    default:
      throw damaged(file, `its dtype ${dtype} is not read here`);
  }
}

/** IEEE 754 binary16. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const READ = ['F32', 'F64', 'I32', 'I64', 'U8', 'BOOL', 'BF16', 'F16'];

/** Whether `valuesOf` reads it. */
export function isRead(dtype: string): boolean {
  return READ.includes(dtype);
}
