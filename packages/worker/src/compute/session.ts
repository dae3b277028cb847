import type { RunConfig } from '@ddpm-fleet/config';
import type { ParamLayout, TrainState } from '@ddpm-fleet/core';
import { openEngine, type Engine, type EngineDescription } from '@ddpm-fleet/engine';
import { Trainer, type ImageSpec } from '@ddpm-fleet/trainer';
import { flipBit } from '../debugFlip.js';
import type { Applied, ApplyArgument, SlotImages, SlotsResult } from '../shell/ports.js';
import { SlotBoard } from './slotBoard.js';

export interface InitArgument {
  readonly config: RunConfig;
  readonly image: ImageSpec;
  /** Shared with the calling thread: see `SlotBoard`. */
  readonly board: SharedArrayBuffer;
}

export interface Initialised {
  readonly description: EngineDescription;
  readonly layout: ParamLayout;
  /** What the engine had to say about being slower than it could be. */
  readonly notices: readonly string[];
}

export interface SlotsArgument extends SlotImages {
  /** By which it can be called off. */
  readonly ticket: number;
}

export interface HeldOutImages {
  /** uint8 [n, size, size, channels] */
  readonly images: Uint8Array;
  readonly labels?: Int32Array;
}

/** What the compute thread does: it owns the engine and the trainer, and never sees a socket. */
export class ComputeSession {
  #engine: Engine | undefined;
  #trainer: Trainer | undefined;
  #slotBatchSize = 0;
  #board = new SlotBoard();
  #heldOut: HeldOutImages = { images: new Uint8Array() };
  #flipAt: number | undefined;

  async init({ config, image, board }: InitArgument): Promise<Initialised> {
    const { kind, compiled, precision, threads } = config.engine;
    const notices: string[] = [];
    const onNotice = (text: string) => void notices.push(text);
    this.#engine = await openEngine({ kind, compiled, precision, threads, onNotice });
    this.#trainer = await Trainer.create(this.#engine, config, image);
    this.#slotBatchSize = config.batch.slotBatchSize;
    this.#board = new SlotBoard(board);
    this.#trainer.warmUp();
    return { description: this.#engine.description, layout: this.#trainer.layout, notices };
  }

  /** Makes the state of step 0 from the seed and holds it. */
  loadInitialState(): void {
    const trainer = this.#ready();
    trainer.loadState(trainer.initialState());
  }

  loadState(state: TrainState): void {
    this.#ready().loadState(state);
  }

  readState(): TrainState {
    return this.#ready().readState();
  }

  runSlots(slots: SlotsArgument): SlotsResult {
    const trainer = this.#ready();
    const began = performance.now();
    const images = (slots.end - slots.start) * this.#slotBatchSize;
    const t = new Int32Array(images);
    const loss = new Float32Array(images);
    trainer.beginRun();
    for (let slot = slots.start; slot < slots.end; slot++) {
      if (this.#board.isCancelled(slots.ticket)) return { t, loss, computeMs: performance.now() - began };
      const done = trainer.runSlot(this.#slotOf(slots, slot));
      t.set(done.t, (slot - slots.start) * this.#slotBatchSize);
      loss.set(done.loss, (slot - slots.start) * this.#slotBatchSize);
      this.#board.finishSlot();
    }
    return { partials: trainer.takePartials(), t, loss, computeMs: performance.now() - began };
  }

  apply({ root, t, loss }: ApplyArgument): Applied {
    const began = performance.now();
    const { gradNorm, lr } = this.#ready().apply(root, { t, loss });
    if (this.#ready().globalStep === this.#flipAt) this.#flip();
    return { gradNorm, lr, root, computeMs: performance.now() - began };
  }

  /** See `debugFlip`. */
  armFlip({ globalStep }: { readonly globalStep: number }): void {
    this.#flipAt = globalStep;
  }

  #flip(): void {
    this.#flipAt = undefined;
    const state = this.#ready().readState();
    flipBit(state.params);
    this.#ready().loadState(state);
  }

  /** A step that is committed as skipped: it counts, and changes nothing. */
  skip(): void {
    this.#ready().skip();
  }

  fingerprint(): bigint {
    return this.#ready().fingerprint();
  }

  keepHeldOut(heldOut: HeldOutImages): void {
    this.#heldOut = heldOut;
  }

  /** NaN where there are no held-out images. */
  heldOutLoss(weights: 'raw' | number): number {
    const { images, labels } = this.#heldOut;
    return images.length > 0
      ? this.#ready().heldOutLoss(images, weights === 'raw' ? weights : { decay: weights }, labels)
      : NaN;
  }

  memory(): { numTensors: number; numBytes: number } {
    return this.#engine!.memory();
  }

  async dispose(): Promise<void> {
    this.#trainer?.dispose();
    await this.#engine?.dispose();
    this.#engine = undefined;
    this.#trainer = undefined;
  }

  #ready(): Trainer {
    if (!this.#trainer) throw new Error('init comes first');
    return this.#trainer;
  }

  #slotOf(slots: SlotsArgument, slot: number) {
    const first = (slot - slots.start) * this.#slotBatchSize;
    const bytes = slots.images.length / (slots.end - slots.start) / this.#slotBatchSize;
    const labels = slots.labels?.subarray(first, first + this.#slotBatchSize);
    return {
      slot,
      runStart: slots.start,
      position: slots.position + BigInt(first),
      images: slots.images.subarray(first * bytes, (first + this.#slotBatchSize) * bytes),
      ...(labels && { labels }),
      globalStep: slots.globalStep,
    };
  }
}
