import type { TrainState } from '@ddpm-fleet/core';
import type { Batch } from '@ddpm-fleet/data';
import type { SharedMemory } from '@ddpm-fleet/engine/segments';
import type { CheckpointSource, MessageOf } from '@ddpm-fleet/protocol';
import type { Clock, Transport } from '@ddpm-fleet/transport';
import type { WorkerEffect, WorkerEnd } from '../machine/effects.js';
import type { Facts, Run, WorkerEvent } from '../machine/events.js';
import type { ShareQuestion } from '../machine/requests.js';

/** Both planes of the coordinator. */
export interface Addresses {
  /** `tcp://host:port` of the coordinator's control plane. */
  readonly control: string;
  readonly data: string;
}

/**
 * What holds the state and computes with it. Calls are answered one after the other, in the order in which they were
 * made; arrays that are handed over are not used again by the caller.
 */
export interface Device {
  loadInitialState(): Promise<void>;
  loadState(state: TrainState): Promise<void>;
  /** A copy. */
  readState(): Promise<TrainState>;
  fingerprint(): Promise<bigint>;
  /** Several may be under way. */
  runSlots(images: SlotImages): Promise<SlotsResult>;
  /** Everything handed over so far ends at its next slot, without partials. */
  cancelSlots(): void;
  /** Slots computed since the start, modulo 2^32. */
  readonly slotsFinished: number;
  apply(commit: ApplyArgument): Promise<Applied>;
  /** A step that is committed as skipped: it counts, and changes nothing. */
  skip(): Promise<void>;
  /** NaN where there are no held-out images. */
  heldOutLoss(weights: 'raw' | number): Promise<number>;
}

/** Slots [start, end), one subtree of the step's reduction tree or several, and what they show. */
export interface SlotImages {
  readonly globalStep: number;
  readonly start: number;
  readonly end: number;
  /** Stream position of the first image. */
  readonly position: bigint;
  /** uint8 [(end - start) * slotBatchSize, size, size, channels] */
  readonly images: Uint8Array;
  readonly labels?: Int32Array;
}

export interface SlotsResult {
  /** Sum of each maximal subtree, in slot order; absent when they were called off. */
  readonly partials?: Float32Array[];
  /** Of each image in position order. */
  readonly t: Int32Array;
  /** Unweighted. */
  readonly loss: Float32Array;
  readonly computeMs: number;
}

export interface ApplyArgument {
  /** Sum over all slots, before division. Given back for the next step. */
  readonly root: Float32Array;
  readonly t: Int32Array;
  readonly loss: Float32Array;
}

export interface Applied {
  readonly gradNorm: number;
  readonly lr: number;
  readonly root: Float32Array;
  readonly computeMs: number;
}

/** The images, read ahead of their use: `Prefetch` of data. */
export interface Batches {
  take(position: bigint, count: number): Promise<Batch>;
  expect(position: bigint, count: number): void;
  forgetBefore(position: bigint): void;
}

/** Where this worker reaches the run's checkpoints. */
export interface Checkpoints {
  /** undefined where the store is out of reach, or holds something else under that name. Never rejects. */
  read(source: CheckpointSource): Promise<TrainState | undefined>;
  /** What CHECKPOINT_WRITTEN is to say. Never rejects. @param state is taken */
  writeShare(question: ShareQuestion, state: TrainState): Promise<Written>;
}

export type Written = MessageOf<'CHECKPOINT_WRITTEN'>['written'];

/** All that a worker needs before it can say HELLO. */
export interface Prepared {
  readonly facts: Facts;
  readonly device: Device;
  readonly batches: Batches;
  readonly checkpoints: Checkpoints;
}

/** Of one process. */
export interface Identity {
  /** Stable over restarts: letters, digits, `.`, `_`, `-`; at most 64. */
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  /** `<workerId>.<incarnation>`: a restarted worker is never taken for its predecessor. */
  readonly peer: string;
}

/** What a shell is given: everything that is not decided by messages. */
export interface Surroundings {
  readonly identity: Identity;
  readonly addresses: Addresses;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Rejects with a FleetError where this worker cannot take part. */
  prepare(run: Run): Promise<Prepared>;
  /** Memory to share with a coordinator on this host; rejects where there is none. Absent: everything is sent. */
  openMemory?(): Promise<SharedMemory>;
  /** Sees what the machine made of an event, before any of it is carried out. */
  onTurn?(event: WorkerEvent, effects: readonly WorkerEffect[]): void;
  /** There is nothing more to do. Called once. */
  onEnd(end: WorkerEnd): void;
}

/** An event without its time: WorkerEvent is a union, and each of its kinds loses `now`. */
export type News = WorkerEvent extends infer E ? (E extends WorkerEvent ? Omit<E, 'now'> : never) : never;

/** The part of a pino logger that is used. */
export type Log = Readonly<
  Record<'info' | 'warn' | 'error', (fields: Readonly<Record<string, unknown>>, text: string) => void>
>;
