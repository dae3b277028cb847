import { spanOf, type TreeNode } from '@ddpm-fleet/core';
import { encodeImages, type ImageRecords } from '@ddpm-fleet/protocol';
import type { BadImage } from '../machine/index.js';

/** Loss statistics are kept for so many equal ranges of t. */
export const LOSS_BINS = 10;

export interface BoardOptions {
  readonly numSlots: number;
  readonly slotBatchSize: number;
  readonly numTimesteps: number;
}

/** t and loss of every image of a round, in position order, as subtrees bring them. */
export class ImageBoard {
  readonly round: number;
  readonly #options: BoardOptions;
  readonly #t: Int32Array;
  readonly #loss: Float32Array;
  readonly #filled: Uint8Array;
  #openSlots: number;

  constructor(round: number, options: BoardOptions) {
    this.round = round;
    this.#options = options;
    const images = options.numSlots * options.slotBatchSize;
    this.#t = new Int32Array(images);
    this.#loss = new Float32Array(images);
    this.#filled = new Uint8Array(options.numSlots);
    this.#openSlots = options.numSlots;
  }

  /** Takes the records of a subtree's slots. Returns whether all are there. */
  add(node: TreeNode, { t, loss }: ImageRecords): boolean {
    const { numSlots, slotBatchSize } = this.#options;
    const { start, end } = spanOf(numSlots, node);
    this.#t.set(t, start * slotBatchSize);
    this.#loss.set(loss, start * slotBatchSize);
    for (let slot = start; slot < end; slot++) {
      if (this.#filled[slot]) continue;
      this.#filled[slot] = 1;
      this.#openSlots--;
    }
    return this.#openSlots === 0;
  }

  /** The payload of `rootImages`. */
  payload(): Uint8Array {
    return encodeImages({ t: this.#t, loss: this.#loss });
  }

  get count(): number {
    return this.#t.length;
  }

  summary(): { meanLoss: number; bins: [number, number][]; bad: BadImage[] } {
    const { numTimesteps, slotBatchSize } = this.#options;
    const bins = Array.from({ length: LOSS_BINS }, (): [number, number] => [0, 0]);
    const bad: BadImage[] = [];
    let sum = 0;
    for (const [position, loss] of this.#loss.entries()) {
      const t = this.#t[position]!;
      if (!Number.isFinite(loss)) bad.push({ position, slot: Math.floor(position / slotBatchSize), t });
      const bin = bins[Math.min(LOSS_BINS - 1, Math.max(0, Math.floor((t * LOSS_BINS) / numTimesteps)))]!;
      bin[0]++;
      bin[1] += loss;
      sum += loss;
    }
    return { meanLoss: sum / this.#loss.length, bins, bad };
  }
}
