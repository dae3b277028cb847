import type { RunConfig } from '@ddpm-fleet/config';
import type { ParamLayout, TreeNode, TrainState } from '@ddpm-fleet/core';
import type {
  CheckpointSource,
  ControlMessage,
  DataFrame,
  MessageOf,
  SegmentMessage,
} from '@ddpm-fleet/protocol';

/** What RUN says, with its config parsed. */
export interface Run {
  readonly runId: string;
  /** As the coordinator sees it. */
  readonly runDir: string;
  readonly config: RunConfig;
}

/** What a worker that is prepared says of itself in HELLO, and the layout of what it holds. */
export interface Facts {
  readonly layout: ParamLayout;
  readonly identityHash: string;
  readonly datasetHash: string;
  /** Images trained on. */
  readonly datasetSize: number;
  readonly engine: MessageOf<'HELLO'>['engine'];
  readonly deviceKind: string;
}

/** Timestep and unweighted loss of the images under a node, and how long they took. */
export interface NodeResult {
  /** Of the node's gradients; undefined when the work was called off before it was done. */
  readonly sum: Float32Array | undefined;
  readonly t: Int32Array;
  readonly loss: Float32Array;
  readonly computeMs: number;
}

/** What happened. Every event says when, in milliseconds of a clock that never goes back. */
export type WorkerEvent = { readonly now: number } & (
  | { readonly type: 'start' }
  /** The control plane is up: whatever was said before may not have been heard. */
  | { readonly type: 'connected' }
  /** The transport does not let this worker in. */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'run'; readonly run: Run }
  | { readonly type: 'message'; readonly message: Exclude<ControlMessage, SegmentMessage | { type: 'RUN' }> }
  | { readonly type: 'frame'; readonly frame: DataFrame }
  /** Answers of the device and of the disk; each is awaited, one of the device's at a time but for `nodeDone`. */
  | { readonly type: 'prepared'; readonly facts: Facts }
  /** `state` is absent where the checkpoint is out of reach, or is another one. */
  | {
      readonly type: 'checkpointRead';
      readonly source: CheckpointSource;
      readonly state: TrainState | undefined;
    }
  /** `fingerprint`: where `load` asked for it. */
  | { readonly type: 'loaded'; readonly fingerprint: bigint | undefined }
  | {
      readonly type: 'nodeDone';
      readonly globalStep: number;
      readonly node: TreeNode;
      readonly result: NodeResult;
    }
  /** `root`: memory of the sum, given back. */
  | { readonly type: 'applied'; readonly root: Float32Array | undefined; readonly computeMs: number }
  | { readonly type: 'fingerprinted'; readonly fingerprint: bigint }
  | { readonly type: 'stateRead'; readonly state: TrainState; readonly fingerprint: bigint | undefined }
  /** NaN where there are no held-out images. */
  | { readonly type: 'evaluated'; readonly loss: number }
  /** Time that was asked for is over. `progress`: slots computed of the step of the last `compute`. */
  | {
      readonly type: 'tick';
      readonly due: Alarm;
      readonly progress: { readonly globalStep: number; readonly slots: number };
    }
  /** Something that cannot be gone on from. */
  | { readonly type: 'failed'; readonly error: unknown }
  /** This worker is asked to leave by its own side. */
  | { readonly type: 'leave'; readonly reason: string }
);

/** What a tick is for: to say that this worker is alive, or to take a snapshot that waited for slots. */
export type Alarm = 'heartbeat' | 'snapshot';

export type WorkerEventOf<K extends WorkerEvent['type']> = Extract<WorkerEvent, { type: K }>;
