import type { RunConfig, RunRecord } from '@ddpm-fleet/config';
import type { ServerSecurity, Transport } from '@ddpm-fleet/transport';
import type { Logger } from 'pino';
import type { Claim } from './claim/index.js';
import type { Effect, Event, State } from './machine/index.js';
import type { Seal } from './server/seal.js';
import type { LiveStatus } from './server/live.js';

export interface CoordinatorOptions {
  readonly config: RunConfig;
  readonly record: RunRecord;
  readonly runDir: string;
  /** Of the control plane; data has the next one. 0: those of the coordinator that was here before, or free ones. */
  readonly port: number;
  readonly log: Logger;
  /** Needed to listen beyond the loopback interface. */
  readonly security?: ServerSecurity;
  /** Plain TCP beyond the loopback interface. */
  readonly insecure?: boolean;
  /** Default: ZeroMQ with `security`. */
  readonly transport?: Transport;
  /** Start from this checkpoint rather than from the newest of the run. */
  readonly from?: { readonly location: string; readonly globalStep: number };
  readonly allowUnlike?: boolean;
  /** How long a coordinator that was started again waits for workers with the state; default: two liveness limits. */
  readonly gatherMs?: number;
  /** Why the run ends: this coordinator is there only to save what workers hold. */
  readonly stop?: string;
  /** Where others might take the run over: asked before anything of it is published. */
  readonly claim?: Pick<Claim, 'isTakenOver' | 'check'>;
  /** What the lines of the journal are known by; without it whoever knows the last one could have written the next. */
  readonly seal?: Seal;
  readonly observer?: CoordinatorObserver;
}

/** Told how the run goes; must not throw. */
export interface CoordinatorObserver {
  onStep?(status: LiveStatus, metrics: { readonly gradNorm: number; readonly ms: number }): void;
  onStatus?(status: LiveStatus): void;
  /** Sees what the machine made of an event, before any of it is carried out. */
  onTurn?(state: State, event: Event, effects: readonly Effect[]): void;
}
