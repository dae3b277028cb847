import { bytesOf } from '@ddpm-fleet/core';
import { isBad, Replica, type ModelRun } from './model.js';

interface Stage {
  readonly arrays: readonly Float32Array[];
  readonly digest: string;
}

const known = new Map<string, Reference>();

/** An undisturbed run, computed by one replica alone. */
export class Reference {
  readonly #replica: Replica;
  /** After each number of steps. */
  readonly #stages: Stage[];

  /** Runs of one model have one. */
  static of(run: ModelRun): Reference {
    const key = JSON.stringify(run);
    const reference = known.get(key) ?? new Reference(run);
    known.set(key, reference);
    return reference;
  }

  private constructor(run: ModelRun) {
    this.#replica = new Replica(run);
    this.#stages = [stageOf(this.#replica)];
  }

  /** Its digest after so many steps. */
  at(globalStep: number): string {
    return this.#stage(globalStep).digest;
  }

  /** Whether the replica is what this run is after as many steps, bit for bit. */
  equals(replica: Replica): boolean {
    const { arrays } = this.#stage(replica.globalStep);
    return arraysOf(replica).every((values, i) => sameBits(values, arrays[i]!));
  }

  #stage(globalStep: number): Stage {
    const replica = this.#replica;
    while (this.#stages.length <= globalStep) {
      const [whole] = replica.partials(0, replica.run.numSlots);
      if (isBad(replica.run, replica.globalStep)) replica.skip();
      else replica.apply(whole!.sum, whole!.images);
      this.#stages.push(stageOf(replica));
    }
    return this.#stages[globalStep]!;
  }
}

function stageOf(replica: Replica): Stage {
  return { arrays: arraysOf(replica).map((values) => values.slice()), digest: replica.digest() };
}

function arraysOf({ params, m, v, ema }: Replica): Float32Array[] {
  return [params, m, v, ema];
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}
