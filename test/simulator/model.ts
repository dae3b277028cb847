import { createHash } from 'node:crypto';
import {
  addInto,
  bytesOf,
  makeLayout,
  maximalSubtrees,
  mergesAfter,
  type ParamLayout,
  roundToBfloat16,
  type TrainState,
  type TreeNode,
} from '@ddpm-fleet/core';
import { checkpointDigest } from '@ddpm-fleet/checkpoint';
import type { ImageRecords } from '@ddpm-fleet/protocol';

/** What a fleet of model workers trains: so small that a step costs microseconds, and sensitive to every rounding. */
export interface ModelRun {
  readonly numSlots: number;
  readonly slotBatchSize: number;
  /** Elements of the gradient. */
  readonly size: number;
  readonly bucketBytes: number;
  readonly wireDtype: 'float32' | 'bfloat16';
  readonly numTimesteps: number;
  /** Every so many steps something is not finite: a loss, or the gradient of a slot. 0: never. */
  readonly badEvery?: number;
}

export const SMALL_RUN: ModelRun = {
  numSlots: 6,
  slotBatchSize: 2,
  size: 260,
  bucketBytes: 1024,
  wireDtype: 'float32',
  numTimesteps: 1000,
};

const WIDTH = 0.1;

const layouts = new Map<number, ParamLayout>();

export function layoutOf({ size }: ModelRun): ParamLayout {
  const layout = layouts.get(size) ?? makeLayout([{ name: 'weights', shape: [size] }]);
  layouts.set(size, layout);
  return layout;
}

/** A replica: float32 throughout, so that another order of additions gives other bits. */
export class Replica {
  readonly run: ModelRun;
  globalStep = 0;
  params: Float32Array;
  m: Float32Array;
  v: Float32Array;
  ema: Float32Array;
  readonly #layout: ParamLayout;

  constructor(run: ModelRun) {
    this.run = run;
    this.#layout = layoutOf(run);
    this.params = Float32Array.from({ length: run.size }, (_, i) => Math.sin(i + 1));
    this.m = new Float32Array(run.size);
    this.v = new Float32Array(run.size);
    this.ema = this.params.slice();
  }

  state(): TrainState {
    const { globalStep, params, m, v, ema } = this;
    return {
      globalStep,
      params: params.slice(),
      optimizer: { m: m.slice(), v: v.slice() },
      emas: [{ relativeStd: WIDTH, values: ema.slice() }],
      derived: [],
    };
  }

  load({ globalStep, params, optimizer, emas }: TrainState): void {
    this.globalStep = globalStep;
    this.params = params.slice();
    this.m = optimizer.m.slice();
    this.v = optimizer.v.slice();
    this.ema = emas[0]!.values.slice();
  }

  /** The sum over a slot's images, and what is known of each image. */
  slot(slot: number): { gradient: Float32Array; images: ImageRecords } {
    const { slotBatchSize, numTimesteps } = this.run;
    const seed = Math.imul(this.globalStep + 1, 0x9e3779b1) ^ Math.imul(slot + 1, 0x85ebca77);
    const noise = (i: number) => scrambled(seed + i) / 2 ** 31;
    const gradient = new Float32Array(this.run.size);
    for (let i = 0; i < gradient.length; i++) gradient[i] = noise(i) + 0.01 * this.params[i]!;
    const images = { t: new Int32Array(slotBatchSize), loss: new Float32Array(slotBatchSize) };
    for (let b = 0; b < slotBatchSize; b++) {
      images.t[b] = (31 * this.globalStep + 17 * slot + b) % numTimesteps;
      images.loss[b] = Math.abs(noise(-1 - b));
    }
    if (isBad(this.run, this.globalStep) && slot === this.globalStep % this.run.numSlots) {
      if (this.globalStep % 2 === 0) images.loss[0] = NaN;
      else gradient[0] = Infinity;
    }
    return { gradient: this.#rounded(gradient), images };
  }

  /** The sums of the run's maximal subtrees, merged as a worker merges them: on a binary-counter stack. */
  partials(start: number, end: number): { node: TreeNode; sum: Float32Array; images: ImageRecords }[] {
    const { numSlots, slotBatchSize } = this.run;
    const stack: Float32Array[] = [];
    const t: number[] = [];
    const loss: number[] = [];
    for (let slot = start; slot < end; slot++) {
      const { gradient, images } = this.slot(slot);
      stack.push(gradient);
      for (let merges = mergesAfter(numSlots, start, slot); merges > 0; merges--) {
        const right = stack.pop()!;
        stack.push(this.#sum(stack.pop()!, right));
      }
      t.push(...images.t);
      loss.push(...images.loss);
    }
    let image = 0;
    return maximalSubtrees(numSlots, start, end).map((node, i) => {
      const count = Math.min(2 ** node.level, numSlots - node.index * 2 ** node.level) * slotBatchSize;
      const from = image;
      image += count;
      const images = {
        t: Int32Array.from(t.slice(from, image)),
        loss: Float32Array.from(loss.slice(from, image)),
      };
      return { node, sum: stack[i]!, images };
    });
  }

  /** Clip-free Adam-like update and an EMA; losses enter too, so that a wrong record shows. */
  apply(root: Float32Array, images: ImageRecords): void {
    const { numSlots, slotBatchSize } = this.run;
    const n = numSlots * slotBatchSize;
    const weight = images.loss.reduce(
      (sum, loss, i) => Math.fround(sum + loss * (1 + images.t[i]! / 1e4)),
      0,
    );
    for (let i = 0; i < root.length; i++) {
      const g = Math.fround(root[i]! / n + weight * 1e-4);
      this.m[i] = 0.9 * this.m[i]! + 0.1 * g;
      this.v[i] = 0.99 * this.v[i]! + 0.01 * g * g;
      this.params[i] = this.params[i]! - (0.01 * this.m[i]!) / (Math.sqrt(this.v[i]!) + 1e-8);
      this.ema[i] = 0.5 * this.ema[i]! + 0.5 * this.params[i]!;
    }
    this.globalStep++;
  }

  skip(): void {
    this.globalStep++;
  }

  fingerprint(): bigint {
    return this.#hash().readBigUInt64LE(0);
  }

  /** As `checkpoint digest` prints it. */
  digest(): string {
    const { globalStep, params, m, v, ema } = this;
    const state = {
      globalStep,
      params,
      optimizer: { m, v },
      emas: [{ relativeStd: WIDTH, values: ema }],
      derived: [],
    };
    return checkpointDigest(state, this.#layout);
  }

  #hash(): Buffer {
    const hash = createHash('sha256').update(String(this.globalStep));
    for (const values of [this.params, this.m, this.v, this.ema]) hash.update(bytesOf(values));
    return hash.digest();
  }

  #sum(left: Float32Array, right: Float32Array): Float32Array {
    return this.#rounded(addInto(left, right));
  }

  #rounded(values: Float32Array): Float32Array {
    return this.run.wireDtype === 'bfloat16' ? roundToBfloat16(values) : values;
  }
}

/** A whole number in [-2^31, 2^31) that looks like chance. */
function scrambled(value: number): number {
  const once = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  const twice = Math.imul(once ^ (once >>> 12), 0x297a2d39);
  return twice ^ (twice >>> 15);
}

/** Whether the step has something in it that is not finite. */
export function isBad({ badEvery = 0 }: ModelRun, globalStep: number): boolean {
  return badEvery > 0 && globalStep % badEvery === badEvery - 1;
}
