import { fleetError, firstNonFinite } from '@ddpm-fleet/core';
import type { FileRecord } from './manifest.js';
import type { Entry, Medium } from './medium.js';
import { readVerified } from './reading.js';
import { SafetensorsDecoder } from './safetensors/decode.js';

/** Reads a file once; an Error when it is not the one that the manifest means, or holds numbers that are none. */
export async function readFinite(medium: Medium, entry: Entry, file: FileRecord): Promise<void> {
  const floats = new Map<string, Uint8Array<ArrayBuffer>>();
  const decoder = new SafetensorsDecoder(file.path, ({ name, dtype, start, end }) => {
    const bytes = new Uint8Array(end - start);
    if (dtype === 'F32') floats.set(name, bytes);
    return bytes;
  });
  // A damaged header matters less than the hash that tells of it.
  let broken: Error | undefined;
  await readVerified(medium, entry, file, (chunk) => {
    try {
      if (!broken) decoder.push(chunk);
    } catch (error) {
      broken = error as Error;
    }
  });
  if (broken) throw broken;
  for (const [name, { buffer }] of floats) {
    const values = new Float32Array(buffer);
    const at = firstNonFinite(values);
    if (at >= 0)
      throw new Error(`${file.path}: ${name} holds ${values[at]} (element ${at}): training had diverged`);
  }
}

/** @throws DDPM_ERR_CHECKPOINT_NON_FINITE for weights that nothing can be made of */
export function assertFiniteWeights(name: string, values: Float32Array): void {
  const at = firstNonFinite(values);
  if (at >= 0) throw fleetError('DDPM_ERR_CHECKPOINT_NON_FINITE', { name, value: String(values[at]), at });
}
