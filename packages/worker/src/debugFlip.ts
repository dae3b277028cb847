import { fleetError } from '@ddpm-fleet/core';

/**
 * `DDPM_DEBUG_FLIP=120:worker-1`: once worker-1 holds the state of step 120, one bit of one of its parameters is turned
 * over, as failing memory would; once a process. For tests of what finds silent corruption; off by default.
 * @returns the step, where this worker is meant
 * @throws DDPM_ERR_WORKER_FLIP
 */
export function debugFlip(text: string | undefined, workerId: string): number | undefined {
  if (!text) return undefined;
  const [, step, worker] = /^(\d+):(.+)$/.exec(text) ?? [];
  if (step === undefined) throw fleetError('DDPM_ERR_WORKER_FLIP', { text });
  return worker === workerId ? Number(step) : undefined;
}

/** Turns the highest bit of the mantissa of the first element over: a value that is wrong and finite. */
export function flipBit(values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, 1);
  bits[0]! ^= 1 << 22;
}
