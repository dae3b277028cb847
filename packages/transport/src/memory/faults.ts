import { philoxFill } from '@ddpm-fleet/core';

/** How unlike a quiet wire the network is. Chances are of each message. */
export interface Faults {
  /** Milliseconds on the way, drawn evenly from this range. */
  readonly delayMs: readonly [least: number, most: number];
  /** The connection breaks under the message: it and all behind it are lost. */
  readonly breakChance: number;
  /** The message arrives twice. */
  readonly duplicateChance: number;
  /** The message may be overtaken by later ones of its connection. */
  readonly reorderChance: number;
  /** Messages are repeated and overtaken only on connections to this address; left out: on all. */
  readonly looseAddress?: string;
  /** Until a connection's end is noticed: by the dealer the least, by the router drawn evenly from this range. */
  readonly noticeMs: readonly [least: number, most: number];
  /** Until a dealer tries to connect again. */
  readonly reconnectMs: number;
}

export const QUIET: Faults = {
  delayMs: [0, 0],
  breakChance: 0,
  duplicateChance: 0,
  reorderChance: 0,
  noticeMs: [0, 0],
  reconnectMs: 1,
};

/** What passed through a network, and what was done to it. */
export interface FaultCounts {
  messages: number;
  bytes: number;
  /** Of those, messages of one part. */
  readonly single: { messages: number; bytes: number };
  /** Connections that broke, with all that was under way. */
  broken: number;
  duplicated: number;
  overtaken: number;
  /** Messages that waited behind a cut. */
  heldBack: number;
}

/** Philox purpose of simulated faults; no run uses it. */
const PURPOSE = 0x51d1ce;

/** Random numbers of a simulation: the same seed, the same faults. */
export class Dice {
  readonly #seed: number;
  readonly #words = new Uint32Array(256);
  #rolls = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** In [0, 1). */
  roll(): number {
    const words = this.#words;
    const at = this.#rolls++ % words.length;
    if (at === 0) philoxFill({ seed: this.#seed, purpose: PURPOSE, counter: BigInt(this.#rolls) }, words);
    return words[at]! / 2 ** 32;
  }

  between([least, most]: readonly [number, number]): number {
    return least + (most - least) * this.roll();
  }

  happens(chance: number): boolean {
    return chance > 0 && this.roll() < chance;
  }

  /** One of them; there must be one. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.roll() * items.length)]!;
  }
}
