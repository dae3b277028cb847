import type { TrainState } from '@ddpm-fleet/checkpoint';
import type { SlotsResult } from './compute/session.js';
import type { LeasedNode } from './machine/leases.js';
import type { ShareQuestion, StateQuestion } from './machine/requests.js';
import type { StepTimes } from './stepClock.js';

/** What a replica is to hold from now on. */
export type StateToHold =
  | { readonly from: 'seed' }
  | { readonly from: 'held' }
  | { readonly from: 'elsewhere'; readonly state: TrainState; readonly fingerprint: string | undefined };

export interface ReplicaEvents {
  /** The sum of one subtree is done, and still wanted. */
  readonly onPartial: (
    globalStep: number,
    leased: LeasedNode,
    sum: Float32Array,
    images: Pick<SlotsResult, 't' | 'loss'>,
  ) => void;
  /** Everything that is known to be committed is applied. */
  readonly onLevel: (globalStep: number, fingerprint: bigint) => void;
  readonly onFingerprint: (globalStep: number, fingerprint: bigint) => void;
  readonly onState: (
    question: StateQuestion & { kind: 'state' },
    state: TrainState,
    fingerprint: bigint,
  ) => void;
  /** The state is the listener's own. */
  readonly onShare: (question: ShareQuestion, state: TrainState) => void;
  readonly onEvaluated: (globalStep: number, weights: 'raw' | number, loss: number) => void;
  readonly onApplied: (globalStep: number, times: StepTimes) => void;
  /** The state that came has another fingerprint than its sender's; the replica holds nothing. */
  readonly onDamaged: () => void;
  /** It cannot go on. */
  readonly onFailure: (error: unknown) => void;
}
