import { aligned } from './floats.js';

/** Timestep and unweighted loss of images in position order. */
export interface ImageRecords {
  readonly t: Int32Array;
  readonly loss: Float32Array;
}

/** Interleaved (t int32, loss float32), 8 bytes an image. */
export function encodeImages({ t, loss }: ImageRecords): Uint8Array {
  const ints = new Int32Array(t.length * 2);
  const floats = new Float32Array(ints.buffer);
  for (let i = 0; i < t.length; i++) {
    ints[2 * i] = t[i]!;
    floats[2 * i + 1] = loss[i]!;
  }
  return new Uint8Array(ints.buffer);
}

export function decodeImages(payload: Uint8Array): ImageRecords {
  const ints = aligned(payload, 4, Int32Array);
  const floats = new Float32Array(ints.buffer, ints.byteOffset, ints.length);
  const n = ints.length / 2;
  const t = new Int32Array(n);
  const loss = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    t[i] = ints[2 * i]!;
    loss[i] = floats[2 * i + 1]!;
  }
  return { t, loss };
}
