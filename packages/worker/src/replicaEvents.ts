import type { TrainState } from '@ddpm-fleet/checkpoint';
import type { SlotsResult } from './compute/session.js';
import type { LeasedNode } from './leases.js';
import type { StateQuestion } from './requests.js';
import type { StepTimes } from './stepClock.js';

/** What a replica is to hold from now on. */
export type StateToHold =
  | { readonly from: 'seed' }
  | { readonly from: 'held' }
  | { readonly from: 'elsewhere'; readonly state: TrainState; readonly fingerprint: bigint | undefined };

export interface ReplicaEvents {
  /** The sum of one subtree is done, and still wanted. */
  onPartial(
    globalStep: number,
    leased: LeasedNode,
    sum: Float32Array,
    images: Pick<SlotsResult, 't' | 'loss'>,
  ): void;
  /** Everything that is known to be committed is applied. */
  onLevel(globalStep: number, fingerprint: bigint): void;
  onFingerprint(globalStep: number, fingerprint: bigint): void;
  onState(question: StateQuestion & { kind: 'state' }, state: TrainState, fingerprint: bigint): void;
  onEvaluated(globalStep: number, weights: 'raw' | number, loss: number): void;
  onApplied(globalStep: number, times: StepTimes): void;
  /** The state that came has another fingerprint than its sender's; the replica holds nothing. */
  onDamaged(): void;
  /** It cannot go on. */
  onFailure(error: unknown): void;
}
