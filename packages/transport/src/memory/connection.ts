import type { Dealer, Frames, Router } from '../transport.js';
import type { Clock } from './clock.js';
import type { Dice, FaultCounts, Faults } from './faults.js';

/** What a connection needs of the network. */
export interface Medium {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly faults: Faults;
  readonly counts: FaultCounts;
  /** Whether nothing passes between the hosts at the moment. */
  isCut(a: string, b: string): boolean;
  /** Runs `action` when the hosts can reach each other again. */
  whenMended(a: string, b: string, action: () => void): void;
}

/** What a socket needs of the network. */
export interface Neighbourhood extends Medium {
  routerAt(address: string): RouterEnd | undefined;
  forgetSocket(host: string, socket: Router | Dealer): void;
}

/** A router, as dealers see it. */
export interface RouterEnd {
  readonly host: string;
  /** The newest connection of a name is the one that counts. Returns false where the router is closed. */
  accept(peer: string, dealer: DealerEnd): boolean;
  receive(peer: string, dealer: DealerEnd, frames: Uint8Array[]): void;
  /** The peer's connection is gone; this end learns of it in a while. */
  lose(peer: string, dealer: DealerEnd): void;
}

/** A dealer, as the router that it is connected to sees it. */
export interface DealerEnd {
  /** What the router sends to it. */
  readonly incoming: Pipe | undefined;
  /** Both directions are lost at once; both ends learn of it in a while. */
  breakConnection(): void;
  /** The other end has closed. */
  disconnect(): void;
}

/** One direction of a connection: what was sent and has not arrived. */
export class Pipe {
  readonly #medium: Medium;
  readonly #from: string;
  readonly #to: string;
  readonly #deliver: (frames: Uint8Array[]) => void;
  readonly #onBreak: () => void;
  readonly #address: string;
  #lastArrival = 0;
  #open = true;

  constructor(
    medium: Medium,
    from: string,
    to: string,
    deliver: (frames: Uint8Array[]) => void,
    onBreak: () => void,
    address: string,
  ) {
    this.#medium = medium;
    this.#from = from;
    this.#to = to;
    this.#deliver = deliver;
    this.#onBreak = onBreak;
    this.#address = address;
  }

  /** What is on its way is lost. */
  close(): void {
    this.#open = false;
  }

  send(frames: Frames): void {
    const { clock, dice, faults, counts } = this.#medium;
    if (!this.#open) return;
    counts.messages++;
    const sizeBytes = frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
    counts.bytes += sizeBytes;
    if (frames.length === 1) {
      counts.single.messages++;
      counts.single.bytes += sizeBytes;
    }
    if (dice.happens(faults.breakChance)) {
      this.#onBreak();
      return;
    }
    const isTwice = this.#isLoose && dice.happens(faults.duplicateChance);
    if (isTwice) counts.duplicated++;
    for (let copy = 0; copy < (isTwice ? 2 : 1); copy++) {
      const at = this.#arrivalOf(clock.now + dice.between(faults.delayMs));
      clock.after(at - clock.now, () => this.#arrive(frames));
    }
  }

  get #isLoose(): boolean {
    const { looseAddress = this.#address } = this.#medium.faults;
    return looseAddress === this.#address;
  }

  #arrivalOf(at: number): number {
    const { dice, faults, counts } = this.#medium;
    if (this.#isLoose && dice.happens(faults.reorderChance)) {
      counts.overtaken++;
      return at + dice.between(faults.delayMs);
    }
    this.#lastArrival = Math.max(at, this.#lastArrival);
    return this.#lastArrival;
  }

  /** Behind a cut messages wait, as TCP repeats them until they pass. */
  #arrive(frames: Frames): void {
    if (!this.#open) return;
    if (this.#medium.isCut(this.#from, this.#to)) {
      this.#medium.counts.heldBack++;
      this.#medium.whenMended(this.#from, this.#to, () => this.#arrive(frames));
      return;
    }
    // A receiver owns what it gets, and may keep it while the sender's buffer goes on living.
    this.#deliver(frames.map((frame) => new Uint8Array(frame)));
  }
}
