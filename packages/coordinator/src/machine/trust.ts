/**
 * Which checkpoints may be used after a damaged replica was found: those up to the step at which all were last known
 * to be alike, and those that were made of the steps that were computed again. What lies between in the store is of
 * the sums that cannot be trusted, and stays there.
 */
export interface Trust {
  readonly until: number;
  /** Steps after `until`, ascending. */
  readonly since: readonly number[];
}

export const TRUST_ALL: Trust = { until: Number.MAX_SAFE_INTEGER, since: [] };

export function isTrusted({ until, since }: Trust, globalStep: number): boolean {
  return globalStep <= until || since.includes(globalStep);
}

export function distrustAfter({ until, since }: Trust, globalStep: number): Trust {
  return { until: Math.min(until, globalStep), since: since.filter((step) => step <= globalStep) };
}

/** A checkpoint of that step was made. */
export function trustAlso(trust: Trust, globalStep: number): Trust {
  if (isTrusted(trust, globalStep)) return trust;
  return { ...trust, since: [...trust.since, globalStep].sort((a, b) => a - b) };
}
