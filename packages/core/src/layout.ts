import { createHash } from 'node:crypto';
import { fleetError } from './errors/error.js';

/** One parameter in a flat buffer: elements [offset, offset + size), row-major. */
export interface ParamEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/**
 * Where each parameter lies in a flat Float32Array. A flat buffer with its layout is the only currency between
 * trainer, wire, coordinator, checkpoint and EMA. Order is creation order; it is part of the hash.
 */
export interface ParamLayout {
  readonly entries: readonly ParamEntry[];
  /** Number of float32 elements. */
  readonly size: number;
  /** sha256 (hex) over name, NUL, shape as comma-separated decimals, newline, of each entry in order. */
  readonly hash: string;
}

/** @throws DDPM_ERR_LAYOUT_MISMATCH when a name stands twice */
export function makeLayout(params: readonly { name: string; shape: readonly number[] }[]): ParamLayout {
  const hash = createHash('sha256');
  const seen = new Set<string>();
  const entries: ParamEntry[] = [];
  let offset = 0;
  for (const { name, shape } of params) {
    if (seen.has(name)) throw fleetError('DDPM_ERR_LAYOUT_MISMATCH', { detail: `${name} stands twice` });
    seen.add(name);
    const size = shape.reduce((product, n) => product * n, 1);
    entries.push({ name, shape: [...shape], offset, size });
    hash.update(`${name}\0${shape.join(',')}\n`);
    offset += size;
  }
  return { entries, size: offset, hash: hash.digest('hex') };
}

/** The part of `flat` that is `entry`: a view, not a copy. */
export function viewOf(flat: Float32Array, entry: ParamEntry): Float32Array {
  return flat.subarray(entry.offset, entry.offset + entry.size);
}

/** @throws DDPM_ERR_LAYOUT_MISMATCH naming the first parameter that differs */
export function assertSameLayout(ours: ParamLayout, theirs: ParamLayout): void {
  if (ours.hash === theirs.hash) return;
  const n = Math.max(ours.entries.length, theirs.entries.length);
  for (let i = 0; i < n; i++) {
    const a = describe(ours.entries[i]);
    const b = describe(theirs.entries[i]);
    if (a !== b)
      throw fleetError('DDPM_ERR_LAYOUT_MISMATCH', { detail: `parameter ${i} is ${a} here and ${b} there` });
  }
}

function describe(entry: ParamEntry | undefined): string {
  return entry ? `${entry.name} [${entry.shape.join(', ')}]` : 'absent';
}
