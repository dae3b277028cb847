import { Worker } from 'node:worker_threads';
import type { RunConfig } from '@ddpm-fleet/config';
import { buffersOf as buffersOfState } from '@ddpm-fleet/checkpoint';
import { fleetError, type TrainState } from '@ddpm-fleet/core';
import type { ImageSpec } from '@ddpm-fleet/trainer';
import { buffersOf, Caller } from './rpc.js';
import type { Applied, ApplyArgument, Device, SlotImages, SlotsResult } from '../shell/ports.js';
import type { ComputeSession, HeldOutImages, Initialised } from './session.js';
import { SlotBoard } from './slotBoard.js';

/**
 * The thread that computes, seen from the thread that owns the sockets: each method is one call, answered in order.
 * Arrays that are handed over are moved, not copied: they are empty afterwards.
 */
export class ComputeThread implements Device {
  readonly #thread: Worker;
  readonly #caller: Caller<ComputeSession>;
  readonly #board = new SlotBoard();
  /** Resolves when the thread has ended, with the reason if it was not asked to. */
  readonly ended: Promise<Error | undefined>;
  #disposing = false;
  #ticket = 0;

  constructor() {
    this.#thread = new Worker(new URL('./thread.js', import.meta.url), { execArgv: [] });
    this.#caller = new Caller<ComputeSession>(this.#thread);
    this.ended = new Promise((resolve) => {
      let crash: Error | undefined;
      this.#thread.once('error', (error) => (crash = died(error.message, error)));
      this.#thread.once('exit', (code) => {
        if (!this.#disposing) crash ??= died(`it exited with code ${code}`);
        this.#caller.fail(crash ?? died('it was disposed of'));
        resolve(crash);
      });
    });
  }

  init(config: RunConfig, image: ImageSpec): Promise<Initialised> {
    return this.#caller.call('init', { config, image, board: this.#board.shared });
  }

  loadInitialState(): Promise<void> {
    return this.#caller.call('loadInitialState', undefined as never);
  }

  loadState(state: TrainState): Promise<void> {
    return this.#caller.call('loadState', state, buffersOf(buffersOfState(state)));
  }

  readState(): Promise<TrainState> {
    return this.#caller.call('readState', undefined as never);
  }

  /** Several may be under way: the thread takes them one after the other without waiting for this one. */
  runSlots(slots: SlotImages): Promise<SlotsResult> {
    const ticket = ++this.#ticket;
    return this.#caller.call('runSlots', { ...slots, ticket }, buffersOf([slots.images, slots.labels]));
  }

  /** Everything handed over so far ends at its next slot, without partials. */
  cancelSlots(): void {
    this.#board.cancelUpTo(this.#ticket);
  }

  /** Slots computed since the start. */
  get slotsFinished(): number {
    return this.#board.finished;
  }

  apply(commit: ApplyArgument): Promise<Applied> {
    return this.#caller.call('apply', commit, buffersOf(commit));
  }

  /** See `debugFlip`. */
  armFlip(globalStep: number): Promise<void> {
    return this.#caller.call('armFlip', { globalStep });
  }

  skip(): Promise<void> {
    return this.#caller.call('skip', undefined as never);
  }

  fingerprint(): Promise<bigint> {
    return this.#caller.call('fingerprint', undefined as never);
  }

  /** A copy of them. */
  keepHeldOut(heldOut: HeldOutImages): Promise<void> {
    return this.#caller.call('keepHeldOut', heldOut);
  }

  heldOutLoss(weights: 'raw' | number): Promise<number> {
    return this.#caller.call('heldOutLoss', weights);
  }

  memory(): Promise<{ numTensors: number; numBytes: number }> {
    return this.#caller.call('memory', undefined as never);
  }

  /** Ends the thread, after what it was asked before. */
  async dispose(): Promise<void> {
    this.#disposing = true;
    this.cancelSlots();
    await this.#caller.call('dispose', undefined as never).catch(() => undefined);
    await this.ended;
  }
}

function died(reason: string, cause?: unknown): Error {
  return fleetError('DDPM_ERR_COMPUTE_DIED', { reason }, { cause });
}
