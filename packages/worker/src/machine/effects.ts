import type { TrainState } from '@ddpm-fleet/core';
import type { CheckpointSource, ControlMessage, ImageRecords } from '@ddpm-fleet/protocol';
import type { Alarm, Run } from './events.js';
import type { LeasedNode } from './leases.js';
import type { ShareQuestion } from './requests.js';

/** How a worker's life ended. */
export interface WorkerEnd {
  /** 0: the run is complete, or it left on purpose; 1: something failed; 2: it was refused, or its input was wrong. */
  readonly exitCode: number;
  readonly reason: string;
}

/** What the shell must do, in order. Nothing of it answers but by a later event. */
export type WorkerEffect =
  | { readonly type: 'send'; readonly message: ControlMessage }
  /** Name this worker on its data plane. */
  | { readonly type: 'attach' }
  /** Open data, engine and model of this run. Answer: `prepared`. */
  | { readonly type: 'prepare'; readonly run: Run }
  /** Answer: `checkpointRead`. */
  | { readonly type: 'readCheckpoint'; readonly source: CheckpointSource }
  /** Hold this state, or step 0's made from the seed. Answer: `loaded`. */
  | { readonly type: 'load'; readonly state: TrainState | 'seed'; readonly fingerprint: boolean }
  /** Compute these nodes one after the other. Answer: one `nodeDone` each, also of those that are called off. */
  | { readonly type: 'compute'; readonly globalStep: number; readonly nodes: readonly LeasedNode[] }
  /** Call off all nodes that are under way: each ends at its next slot. */
  | { readonly type: 'cancel' }
  /** Apply the root of a step, or let the step pass. Answer: `applied`. */
  | { readonly type: 'apply'; readonly root: Root | undefined }
  /** Answer: `fingerprinted`. */
  | { readonly type: 'fingerprint' }
  /** Answer: `stateRead`; its state is the machine's own. */
  | { readonly type: 'readState'; readonly fingerprint: boolean }
  /** Answer: `evaluated`. */
  | { readonly type: 'evaluate'; readonly weights: 'raw' | number }
  /** The sum of a subtree, which nobody changes any more. */
  | {
      readonly type: 'sendSum';
      readonly globalStep: number;
      readonly leased: LeasedNode;
      readonly sum: Float32Array;
      readonly images: ImageRecords;
    }
  | {
      readonly type: 'sendState';
      readonly generation: number;
      readonly transfer: number;
      readonly state: TrainState;
      readonly fingerprint: bigint;
    }
  /** Write a share of a checkpoint beside training, and send CHECKPOINT_WRITTEN. */
  | { readonly type: 'writeShare'; readonly question: ShareQuestion; readonly state: TrainState }
  /** Answer after that long: `tick`. */
  | { readonly type: 'wake'; readonly due: Alarm; readonly afterMs: number }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly text: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  /** Nothing follows. */
  | { readonly type: 'exit'; readonly end: WorkerEnd };

export interface Root {
  /** Sum over all slots, before division. */
  readonly sum: Float32Array;
  /** Of each image in position order. */
  readonly t: Int32Array;
  /** Unweighted. */
  readonly loss: Float32Array;
}

export type WorkerEffectOf<K extends WorkerEffect['type']> = Extract<WorkerEffect, { type: K }>;
