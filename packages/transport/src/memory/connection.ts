import type { Frames } from '../transport.js';
import type { Clock } from './clock.js';
import type { Dice, Faults } from './faults.js';

/** What a connection needs of the network. */
export interface Medium {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly faults: Faults;
  /** Whether nothing passes between the hosts at the moment. */
  isCut(a: string, b: string): boolean;
  /** Runs `action` when the hosts can reach each other again. */
  whenMended(a: string, b: string, action: () => void): void;
}

/** One direction of a connection: what was sent and has not arrived. */
export class Pipe {
  readonly #medium: Medium;
  readonly #from: string;
  readonly #to: string;
  readonly #deliver: (frames: Uint8Array[]) => void;
  readonly #onBreak: () => void;
  #lastArrival = 0;
  #open = true;

  constructor(
    medium: Medium,
    from: string,
    to: string,
    deliver: (frames: Uint8Array[]) => void,
    onBreak: () => void,
  ) {
    this.#medium = medium;
    this.#from = from;
    this.#to = to;
    this.#deliver = deliver;
    this.#onBreak = onBreak;
  }

  /** What is on its way is lost. */
  close(): void {
    this.#open = false;
  }

  send(frames: Frames): void {
    const { clock, dice, faults } = this.#medium;
    if (!this.#open) return;
    if (dice.happens(faults.breakChance)) {
      this.#onBreak();
      return;
    }
    const copies = dice.happens(faults.duplicateChance) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const arrival = clock.now + dice.between(faults.delayMs);
      const overtaken = dice.happens(faults.reorderChance);
      const at = overtaken ? arrival + dice.between(faults.delayMs) : Math.max(arrival, this.#lastArrival);
      if (!overtaken) this.#lastArrival = at;
      clock.after(at - clock.now, () => this.#arrive(frames));
    }
  }

  /** Behind a cut messages wait, as TCP repeats them until they pass. */
  #arrive(frames: Frames): void {
    if (!this.#open) return;
    if (this.#medium.isCut(this.#from, this.#to)) {
      this.#medium.whenMended(this.#from, this.#to, () => this.#arrive(frames));
      return;
    }
    // A receiver owns what it gets, and may keep it while the sender's buffer goes on living.
    this.#deliver(frames.map((frame) => new Uint8Array(frame)));
  }
}
