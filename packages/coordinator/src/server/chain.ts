import type { Entry, JournalHead } from '../machine/index.js';
import { formatLine, GENESIS, hashLine, parseLine } from './journalLine.js';

export interface Written {
  readonly line: number;
  readonly hash: string;
  readonly text: string;
}

/** The append-only record of a run; each line carries the hash of the one before. */
export abstract class Chain {
  readonly #date: () => Date;
  #head: JournalHead | null;

  /**
   * @param head of what is continued, null for a new one
   * @param date what lines say when they were written
   */
  constructor(head: JournalHead | null, date: () => Date) {
    this.#head = head;
    this.#date = date;
  }

  get head(): JournalHead | null {
    return this.#head;
  }

  append(entry: Entry): Written {
    const line = (this.#head?.line ?? -1) + 1;
    return this.#put(line, formatLine(line, this.#head?.hash ?? GENESIS, this.#date(), entry));
  }

  /**
   * Appends those of `lines` that continue the chain, in order, up to the first that is not `sound`: what workers
   * remember of a tail that was lost. Returns what was appended.
   */
  adopt(lines: readonly string[], sound: (text: string) => boolean): string[] {
    const taken: string[] = [];
    for (const text of lines) {
      const parsed = parseLine(text);
      if (typeof parsed === 'string' || parsed.prev !== (this.#head?.hash ?? GENESIS)) continue;
      if (!sound(text)) break;
      this.#put(parsed.line, text);
      taken.push(text);
    }
    return taken;
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
