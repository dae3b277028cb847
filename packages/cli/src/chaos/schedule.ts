import { createHash } from 'node:crypto';

/**
 * worker: `kill -9` of one. stop: SIGSTOP of one, SIGCONT later. coordinator: `kill -9` of it. all: `kill -9` of every
 * worker at once.
 */
export const TARGETS = ['worker', 'coordinator', 'stop', 'all'] as const;

export type Target = (typeof TARGETS)[number];

/** How often each target is chosen, relative to the others. */
export type Weights = Partial<Record<Target, number>>;

export interface Fault {
  readonly target: Target;
  /** After the fault before it, or the beginning. */
  readonly afterMs: number;
  /** [0, 1): which of those that can be chosen then. */
  readonly pick: number;
  /** Of a stop: until SIGCONT. */
  readonly stopMs: number;
}

const MIN_STOP_MS = 300;
const MAX_STOP_MS = 4000;

/** Fault `k` of a schedule: the same seed gives the same schedule. Between 0.5 and 1.5 times `everyMs` apart. */
export function faultAt(seed: number, k: number, everyMs: number, weights: Weights): Fault {
  const [when, which, pick, long] = uniforms(`${seed}/${k}`);
  return {
    target: chosen(which!, weights),
    afterMs: everyMs * (0.5 + when!),
    pick: pick!,
    stopMs: MIN_STOP_MS + long! * (MAX_STOP_MS - MIN_STOP_MS),
  };
}

/** Four numbers in [0, 1). */
function uniforms(address: string): number[] {
  const bytes = createHash('sha256').update(address).digest();
  return [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at) / 2 ** 32);
}

function chosen(at: number, weights: Weights): Target {
  const entries = TARGETS.map((target) => [target, weights[target] ?? 0] as const);
  let left = at * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [target, weight] of entries) if ((left -= weight) < 0) return target;
  return entries.find(([, weight]) => weight > 0)![0];
}
