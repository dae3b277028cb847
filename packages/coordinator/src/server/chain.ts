import type { Entry, JournalHead } from '../machine/index.js';
import { formatLine, GENESIS, hashLine, parseLine } from './journalLine.js';
import { isSealed, sealLine, type SealKey } from './seal.js';

export interface Written {
  readonly line: number;
  readonly hash: string;
  readonly text: string;
}

/** The append-only record of a run; each line carries the hash of the one before. */
export abstract class Chain {
  readonly #date: () => Date;
  readonly #sealKey: SealKey | undefined;
  #head: JournalHead | null;

  /**
   * @param head of what is continued, null for a new one
   * @param date what lines say when they were written
   * @param sealKey by which its own lines are known; without one any line that fits is
   */
  constructor(head: JournalHead | null, date: () => Date, sealKey?: SealKey) {
    this.#head = head;
    this.#date = date;
    this.#sealKey = sealKey;
  }

  get head(): JournalHead | null {
    return this.#head;
  }

  append(entry: Entry): Written {
    const line = (this.#head?.line ?? -1) + 1;
    const text = formatLine(line, this.#head?.hash ?? GENESIS, this.#date(), entry);
    return this.#put(line, this.#sealKey ? sealLine(text, this.#sealKey) : text);
  }

  /**
   * Appends those of `lines` that continue the chain, in order, up to the first that is not `sound` or was
   * not written here: what workers remember of a tail that was lost. Returns what was appended.
   */
  adopt(lines: readonly string[], sound: (text: string) => boolean): string[] {
    const taken: string[] = [];
    for (const text of lines) {
      const parsed = parseLine(text);
      if (typeof parsed === 'string' || parsed.prev !== (this.#head?.hash ?? GENESIS)) continue;
      if (!this.#isOurs(text) || !sound(text)) break;
      this.#put(parsed.line, text);
      taken.push(text);
    }
    return taken;
  }

  #isOurs(text: string): boolean {
    return this.#sealKey === undefined || isSealed(text, this.#sealKey);
  }

  abstract close(): Promise<void>;

  /** Keeps a line; must not throw. */
  protected abstract store(text: string): void;

  #put(line: number, text: string): Written {
    const hash = hashLine(text);
    this.#head = { line, hash };
    this.store(text);
    return { line, hash, text };
  }
}
