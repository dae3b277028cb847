import { every, type Clock } from '@ddpm-fleet/transport';
import type { JournalHead } from '../machine/index.js';
import { Chain } from './chain.js';
import type { Files, GrowingFile } from './files.js';

/** Lines become durable together, this often. */
const SYNC_MS = 250;

/**
 * The journal's file. A line is handed to the operating system when `append` returns, and is durable a little later.
 * While the disk takes nothing lines wait in memory, in order, and the workers remember them too.
 */
export class Journal extends Chain {
  readonly #files: Files;
  readonly #file: GrowingFile;
  readonly #headPath: string;
  readonly #onProblem: (problem: string | null) => void;
  readonly #stopSyncing: () => void;
  #waiting: string[] = [];
  /** Bytes of what waits that are in the file already. */
  #partial = 0;
  #dirty = false;
  #problem: string | null = null;

  /**
   * @param paths of the lines, and of the file beside it that says which is the last one
   * @param head of the file that is continued, null for a new one
   * @param onProblem told when lines cannot be written, and (null) when they can again
   */
  constructor(
    paths: { readonly journal: string; readonly journalHead: string },
    head: JournalHead | null,
    { files, clock, date }: { readonly files: Files; readonly clock: Clock; readonly date: () => Date },
    onProblem: (problem: string | null) => void,
  ) {
    super(head, date);
    this.#files = files;
    this.#file = files.append(paths.journal);
    this.#headPath = paths.journalHead;
    this.#onProblem = onProblem;
    this.#stopSyncing = every(clock, SYNC_MS, () => this.#sync());
  }

  /** Resolves when every line so far is durable. @throws Error while the disk takes nothing */
  async durable(): Promise<void> {
    this.#write();
    if (this.#waiting.length > 0) throw new Error(`the journal cannot be written: ${this.#problem}`);
    await this.#file.sync();
  }

  override close(): void {
    this.#stopSyncing();
    this.#write();
    this.#noteHead();
    this.#file.syncNow();
    this.#file.close();
  }

  protected override store(text: string): void {
    this.#waiting.push(`${text}\n`);
    this.#write();
  }

  /** A full disk may take a part of a line: the rest follows. */
  #write(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join('')).subarray(this.#partial);
    try {
      const written = this.#file.write(bytes);
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
    this.#noteHead();
    this.#file.sync().catch((error: NodeJS.ErrnoException) => this.#report(error.code ?? error.message));
  }

  /** For audits alone: a disk that does not take it has been reported by the lines themselves. */
  #noteHead(): void {
    if (this.#waiting.length > 0 || !this.head) return;
    try {
      this.#files.replace(this.#headPath, `${JSON.stringify(this.head)}\n`);
    } catch {
      // The next one may succeed.
    }
  }
}
