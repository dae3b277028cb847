import { fleetError } from '@ddpm-fleet/core';
import { every, type Clock } from '@ddpm-fleet/transport';
import type { JournalHead } from '../machine/index.js';
import { Chain } from './chain.js';
import type { Files, GrowingFile } from './files.js';
import type { SealKey } from './seal.js';
import { readHead } from './journalHead.js';

/** Lines become durable together, this often. */
const SYNC_MS = 250;

/** What of a journal is there already. */
export interface JournalStart {
  /** Its last line, null for a new one. */
  readonly head: JournalHead | null;
  /** Where that line ends. */
  readonly sizeBytes: number;
}

export interface JournalOptions {
  /** Of the lines, and of the file beside it that says which is the last one that is durable. */
  readonly paths: { readonly journal: string; readonly journalHead: string };
  readonly files: Files;
  readonly clock: Clock;
  readonly date: () => Date;
  /** Told when lines cannot be written or made durable, and (null) when they are again. */
  readonly onProblem: (problem: string | null) => void;
  /** @throws if another owns the run: then nothing takes the place of a file of its directory */
  readonly fence?: () => void;
  /** Somebody may hold the file that is there and write into it. */
  readonly isShared?: boolean;
  readonly sealKey?: SealKey;
}

/**
 * The journal's file. A line is handed to the operating system when `append` returns, and is durable a little later.
 * While the disk takes nothing lines wait in memory, in order, and the workers remember them too.
 *
 * A system says once that it could not make a file durable, and forgets: the file is not trusted from then on. A new one
 * takes its place, with the lines up to the last sync that succeeded and those that are kept here since.
 */
export class Journal extends Chain {
  readonly #options: JournalOptions;
  readonly #stopSyncing: () => void;
  /** Whatever is handed to it is durable after the next sync; undefined while the file is not trusted. */
  #file: GrowingFile | undefined;
  /** What is known to be durable. */
  #durableBytes: number;
  /** Lines in the file that no sync has confirmed. */
  #written: string[] = [];
  #waiting: string[] = [];
  /** Bytes of what waits that are in the file already. */
  #partial = 0;
  #problem: string | null = null;
  #flushing: Promise<void> = Promise.resolve();

  constructor(start: JournalStart, options: JournalOptions) {
    super(start.head, options.date, options.sealKey);
    this.#options = options;
    this.#durableBytes = start.sizeBytes;
    const { files, paths, clock, isShared = false } = options;
    // Whoever wrote here before may have died between a sync that failed and the end of it.
    const isWhole = start.sizeBytes === 0 || readHead(files, paths.journalHead)?.hash === start.head?.hash;
    if (isWhole && !isShared) this.#file = files.append(paths.journal);
    else this.#write();
    this.#stopSyncing = every(clock, SYNC_MS, () => this.#sync());
  }

  /** Resolves when every line so far is durable. @throws Error while the disk takes nothing */
  async durable(): Promise<void> {
    this.#write();
    if (this.#waiting.length > 0) throw new Error(`the journal cannot be written: ${this.#problem}`);
    await this.#flush();
  }

  /** @throws DDPM_ERR_JOURNAL_WRITE for lines that could not be made durable */
  override async close(): Promise<void> {
    this.#stopSyncing();
    try {
      // What a sync that fails leaves behind is written anew, once.
      await this.durable().catch(() => this.durable());
    } catch (cause) {
      const { message: problem } = cause as Error;
      throw fleetError('DDPM_ERR_JOURNAL_WRITE', { path: this.#options.paths.journal, problem }, { cause });
    } finally {
      this.#file?.close();
    }
  }

  protected override store(text: string): void {
    this.#waiting.push(`${text}\n`);
    this.#write();
  }

  /** A full disk may take a part of a line: the rest follows. */
  #write(): void {
    try {
      if (!this.#file) this.#writeAnew();
      if (this.#waiting.length > 0) this.#hand(this.#file!);
      this.#report(null);
    } catch (error) {
      this.#report(codeOf(error));
    }
  }

  #hand(file: GrowingFile): void {
    const bytes = Buffer.from(this.#waiting.join('')).subarray(this.#partial);
    const taken = file.write(bytes);
    if (taken < bytes.length) {
      this.#partial += taken;
      return;
    }
    this.#written.push(...this.#waiting);
    this.#waiting = [];
    this.#partial = 0;
  }

  #writeAnew(): void {
    const { files, paths, fence } = this.#options;
    const rest = Buffer.from([...this.#written, ...this.#waiting].join(''));
    this.#file = files.rewrite(paths.journal, this.#durableBytes, rest, fence);
    this.#durableBytes += rest.length;
    this.#written = this.#waiting = [];
    this.#partial = 0;
    this.#noteHead(this.head);
  }

  #report(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }

  #sync(): void {
    this.#write();
    this.#flush().catch((error: unknown) => this.#report(codeOf(error)));
  }

  /** One at a time: the system says of a failure to whoever asks first, and to nobody else. */
  #flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#flushOnce());
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  async #flushOnce(): Promise<void> {
    const file = this.#file;
    if (!file) throw new Error(`the journal is not durable: ${this.#problem}`);
    const lines = [...this.#written];
    if (lines.length === 0) return;
    const head = this.#waiting.length === 0 ? this.head : null;
    try {
      await file.sync();
    } catch (error) {
      this.#distrust(file);
      throw error;
    }
    this.#written.splice(0, lines.length);
    this.#durableBytes += Buffer.byteLength(lines.join(''));
    this.#noteHead(head);
  }

  #distrust(file: GrowingFile): void {
    this.#file = undefined;
    try {
      file.close();
    } catch {
      // It may say again what is known.
    }
  }

  /** For audits, and for the next start: a disk that does not take it has been reported by the lines themselves. */
  #noteHead(head: JournalHead | null): void {
    if (!head) return;
    const { files, paths, fence } = this.#options;
    try {
      fence?.();
      files.replace(paths.journalHead, `${JSON.stringify(head)}\n`);
    } catch {
      // The next one may succeed.
    }
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
