import { closeSync, fsync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Entry, JournalHead } from '../machine/index.js';
import { formatLine, GENESIS, hashLine, parseLine } from './journalLine.js';

/** Lines become durable together, this often. */
const SYNC_MS = 250;

export interface Written {
  readonly line: number;
  readonly hash: string;
  readonly text: string;
}

/**
 * The append-only record of a run; each line carries the hash of the one before. A line is handed to the operating
 * system when `append` returns, and is durable a little later. While the disk takes nothing lines wait in memory, in
 * order, and the workers remember them too.
 */
export class Journal {
  readonly #file: number;
  readonly #onProblem: (problem: string | null) => void;
  #head: JournalHead | null;
  #waiting: string[] = [];
  #partial = 0;
  #dirty = false;
  #problem: string | null = null;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param head of the file that is continued, null for a new one
   * @param onProblem told when lines cannot be written, and (null) when they can again
   */
  constructor(path: string, head: JournalHead | null, onProblem: (problem: string | null) => void) {
    this.#file = openSync(path, 'a');
    this.#head = head;
    this.#onProblem = onProblem;
    this.#timer = setInterval(() => this.#sync(), SYNC_MS);
  }

  get head(): JournalHead | null {
    return this.#head;
  }

  append(entry: Entry): Written {
    const line = (this.#head?.line ?? -1) + 1;
    const text = formatLine(line, this.#head?.hash ?? GENESIS, new Date(), entry);
    return this.#put(line, text);
  }

  /**
   * Appends those of `lines` that continue the chain, in order: what workers remember of a tail that was lost.
   * Returns the steps among what was appended.
   */
  adopt(lines: readonly string[]): { globalStep: number; hash: string }[] {
    const steps: { globalStep: number; hash: string }[] = [];
    for (const text of lines) {
      const parsed = parseLine(text);
      if (typeof parsed === 'string' || parsed.prev !== (this.#head?.hash ?? GENESIS)) continue;
      const { hash } = this.#put(parsed.line, text);
      if (parsed.kind === 'step') steps.push({ globalStep: parsed.globalStep + 1, hash });
    }
    return steps;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#write();
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  #put(line: number, text: string): Written {
    const hash = hashLine(text);
    this.#head = { line, hash };
    this.#waiting.push(`${text}\n`);
    this.#write();
    return { line, hash, text };
  }

  /** A full disk may take a part of a line: the rest follows. */
  #write(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join('')).subarray(this.#partial);
    try {
      const written = writeSync(this.#file, bytes);
      this.#dirty = true;
      if (written === bytes.length) this.#waiting = [];
      this.#partial = written === bytes.length ? 0 : this.#partial + written;
      this.#report(null);
    } catch (error) {
      this.#report((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  #report(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }

  #sync(): void {
    this.#write();
    if (!this.#dirty) return;
    this.#dirty = false;
    fsync(this.#file, (error) => {
      if (error) this.#report(error.code ?? error.message);
    });
  }
}
