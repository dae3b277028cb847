import type { TrainState } from '@ddpm-fleet/core';
import type { JournalHead } from '../../src/machine/index.js';
import { Chain } from '../../src/server/chain.js';

/** The journal of a host whose disk outlives its processes. */
export class Disk {
  readonly lines: string[] = [];
  /** Lines that are durable: what a power loss leaves. */
  synced = 0;
  readonly checkpoints = new Map<number, Checkpoint>();
  /** States that workers wrote, by digest. */
  readonly shares = new Map<string, TrainState>();
  /** Takes no checkpoint. */
  failing = false;

  /** @param share of the lines that were not durable that happen to be on the disk all the same */
  losePower(share = 0): void {
    this.lines.length = this.synced + Math.floor(share * (this.lines.length - this.synced));
  }
}

export interface Checkpoint {
  readonly digest: string;
  readonly state: TrainState;
}

export class MemoryJournal extends Chain {
  readonly #disk: Disk;

  constructor(disk: Disk, head: JournalHead | null) {
    super(head, () => new Date());
    this.#disk = disk;
  }

  override close(): void {
    this.#disk.synced = this.#disk.lines.length;
  }

  protected override store(text: string): void {
    this.#disk.lines.push(text);
  }
}
