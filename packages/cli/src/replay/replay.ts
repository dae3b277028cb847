import { checkpointDigest, gradientDigest } from '@ddpm-fleet/checkpoint';
import type { RunConfig } from '@ddpm-fleet/config';
import { readBatch, slotPosition, type Batch, type Dataset } from '@ddpm-fleet/data';
import type { ReplayedSlot, SlotResult, Trainer } from '@ddpm-fleet/trainer';

/** A step that was computed again, before it is applied. */
export interface ReplayedStep<Slot extends SlotResult = SlotResult> {
  readonly globalStep: number;
  /** Sum over all slots, before division and clipping. */
  readonly root: Float32Array;
  readonly gradientDigest: string;
  /** Mean over the images, unweighted. */
  readonly loss: number;
  readonly slots: readonly Slot[];
}

/** Computes committed steps again on one device, in one run of slots: the tree is the same. */
export class Replay {
  readonly #trainer: Trainer;
  readonly #config: RunConfig;
  readonly #dataset: Dataset;

  /** @param dataset the part that is trained on */
  constructor(trainer: Trainer, config: RunConfig, dataset: Dataset) {
    this.#trainer = trainer;
    this.#config = config;
    this.#dataset = dataset;
  }

  get globalStep(): number {
    return this.#trainer.globalStep;
  }

  compute(): Promise<ReplayedStep> {
    return this.#step((args) => this.#trainer.runSlot(args));
  }

  /** `compute`, and what every image drew. */
  record(): Promise<ReplayedStep<ReplayedSlot>> {
    return this.#step((args) => this.#trainer.replaySlot(args));
  }

  /** @param skipped the step counts, but was not applied */
  apply({ root, slots }: ReplayedStep, skipped: boolean): void {
    if (skipped) return this.#trainer.skip();
    this.#trainer.apply(root, { t: joinInts(slots), loss: joinFloats(slots) });
  }

  /** Of the state at hand. */
  stateDigest(): string {
    return checkpointDigest(this.#trainer.readState(), this.#trainer.layout);
  }

  async #step<Slot extends SlotResult>(
    run: (args: Parameters<Trainer['runSlot']>[0]) => Slot,
  ): Promise<ReplayedStep<Slot>> {
    const { batch, seed, fleet } = this.#config;
    const { globalStep, layout } = this.#trainer;
    this.#trainer.beginRun();
    const slots: Slot[] = [];
    for (let slot = 0; slot < batch.numSlots; slot++) {
      const position = slotPosition(batch, globalStep, slot);
      const images = await readBatch(this.#dataset, seed, position, batch.slotBatchSize);
      slots.push(run({ ...argsOf(images), slot, runStart: 0, globalStep }));
    }
    const root = this.#trainer.takePartials()[0]!;
    const loss =
      joinFloats(slots).reduce((sum, one) => sum + one, 0) / (batch.numSlots * batch.slotBatchSize);
    return { globalStep, root, gradientDigest: gradientDigest(root, layout, fleet.bucketBytes), loss, slots };
  }
}

function argsOf({ position, images, labels }: Batch) {
  return { position, images, ...(labels && { labels }) };
}

function joinInts(slots: readonly SlotResult[]): Int32Array {
  return Int32Array.from(slots.flatMap(({ t }) => [...t]));
}

function joinFloats(slots: readonly SlotResult[]): Float32Array {
  return Float32Array.from(slots.flatMap(({ loss }) => [...loss]));
}
