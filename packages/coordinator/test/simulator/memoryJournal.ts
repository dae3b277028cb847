import type { JournalHead } from '../../src/machine/index.js';
import { Chain } from '../../src/server/chain.js';

/** The journal of a host whose disk outlives its processes. */
export class Disk {
  readonly lines: string[] = [];
  /** Lines that are durable: what a power loss leaves. */
  synced = 0;
  readonly checkpoints = new Map<number, Checkpoint>();

  losePower(): void {
    this.lines.length = this.synced;
  }
}

export interface Checkpoint {
  readonly digest: string;
  readonly state: import('@ddpm-fleet/protocol').StateArrays;
}

export class MemoryJournal extends Chain {
  readonly #disk: Disk;

  constructor(disk: Disk, head: JournalHead | null) {
    super(head);
    this.#disk = disk;
  }

  override close(): void {
    this.#disk.synced = this.#disk.lines.length;
  }

  protected override store(text: string): void {
    this.#disk.lines.push(text);
  }
}
