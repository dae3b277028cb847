/**
 * Separable resampling in float64, so that a data set has the same bytes and hash on every machine (the SIMD code of
 * image libraries may differ by a rounding between instruction sets).
 */
export type ResizeFilter = 'lanczos3' | 'area' | 'cubic' | 'nearest';

/** For each output pixel the first input pixel it takes from, and the weights from there on (they sum to 1). */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

const KERNELS = {
  /** Keys' cubic with a = -1/2 (Catmull-Rom). */
  cubic: {
    radius: 2,
    weight: (x: number) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2),
  },
  lanczos3: {
    radius: 3,
    weight: (x: number) =>
      x === 0 ? 1 : (3 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3)) / (Math.PI * x) ** 2,
  },
} as const;

const tapsOf = new Map<string, Taps>();

/** Resizes a square image (HWC) of `from` pixels to `to` pixels. Shrinking widens the kernel: no aliasing. */
export function resample(
  source: Uint8Array,
  channels: number,
  from: number,
  to: number,
  filter: ResizeFilter,
): Uint8Array {
  if (from === to) return source;
  const taps = cachedTaps(from, to, filter);
  const rows = new Float64Array(to * from * channels);
  for (let y = 0; y < to; y++) accumulateRow(source, taps, y, from * channels, rows);
  const out = new Uint8Array(to * to * channels);
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) {
      for (let c = 0; c < channels; c++) {
        out[(y * to + x) * channels + c] = toByte(dot(rows, y * from * channels + c, channels, taps, x));
      }
    }
  }
  return out;
}

/** rows[y] = sum over the input rows of weight x row. */
function accumulateRow(source: Uint8Array, taps: Taps, y: number, stride: number, rows: Float64Array): void {
  const weights = taps.weights[y]!;
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k]!;
    const at = (taps.first[y]! + k) * stride;
    for (let i = 0; i < stride; i++) rows[y * stride + i] = rows[y * stride + i]! + weight * source[at + i]!;
  }
}

function dot(rows: Float64Array, start: number, step: number, taps: Taps, x: number): number {
  const weights = taps.weights[x]!;
  let at = start + taps.first[x]! * step;
  let sum = 0;
  for (let k = 0; k < weights.length; k++, at += step) sum += weights[k]! * rows[at]!;
  return sum;
}

function toByte(value: number): number {
  return Math.max(0, Math.min(255, Math.floor(value + 0.5)));
}

function cachedTaps(from: number, to: number, filter: ResizeFilter): Taps {
  const key = `${from} ${to} ${filter}`;
  const known = tapsOf.get(key);
  if (known) return known;
  // Folders of odd sizes would otherwise keep the taps of every size they hold.
  if (tapsOf.size >= 64) tapsOf.clear();
  const taps = makeTaps(from, to, filter);
  tapsOf.set(key, taps);
  return taps;
}

function makeTaps(from: number, to: number, filter: ResizeFilter): Taps {
  const scale = from / to;
  const first = new Int32Array(to);
  const weights: Float64Array[] = [];
  for (let i = 0; i < to; i++) {
    const [start, end] = reach(i, scale, from, filter);
    const raw = Float64Array.from({ length: end - start }, (_, k) => weightAt(start + k, i, scale, filter));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    first[i] = start;
    weights.push(raw.map((weight) => weight / sum));
  }
  return { first, weights };
}

/** Input pixels [start, end) that output pixel `i` takes from. */
function reach(i: number, scale: number, from: number, filter: ResizeFilter): [number, number] {
  if (filter === 'nearest') {
    const at = Math.min(from - 1, Math.floor((i + 0.5) * scale));
    return [at, at + 1];
  }
  if (filter === 'area') return [Math.floor(i * scale), Math.min(from, Math.ceil((i + 1) * scale))];
  const centre = (i + 0.5) * scale;
  const support = KERNELS[filter].radius * Math.max(scale, 1);
  return [Math.max(0, Math.floor(centre - support)), Math.min(from, Math.ceil(centre + support))];
}

function weightAt(j: number, i: number, scale: number, filter: ResizeFilter): number {
  if (filter === 'nearest') return 1;
  if (filter === 'area') return Math.max(0, Math.min(j + 1, (i + 1) * scale) - Math.max(j, i * scale));
  const { radius, weight } = KERNELS[filter];
  const distance = Math.abs(j + 0.5 - (i + 0.5) * scale) / Math.max(scale, 1);
  return distance < radius ? weight(distance) : 0;
}
