import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Here } from './here.js';

/** What is claimed: to supervise the processes of a run, or to write its journal and checkpoints. */
export type ClaimRole = 'launch' | 'coordinator';

/** Who claims a run, as the claim's file says it. */
export interface ClaimRecord extends Here {
  readonly role: ClaimRole;
  /** ISO 8601, UTC: for people. */
  readonly since: string;
  /** Name of the socket beside the file that its process listens on; null where the file system has none. */
  readonly lock: string | null;
  /** Its owner has ended in order. */
  readonly isReleased: boolean;
}

/** The newest claim in a directory. Claims are numbered by epoch: the one with the highest is in force. */
export interface FoundClaim {
  readonly epoch: number;
  /** undefined where the file is not whole: it is being written, or its writer died. */
  readonly record: ClaimRecord | undefined;
  /** Changes whenever its owner renews it. */
  readonly mark: string;
}

const NAME = /^(launch|coordinator)\.(\d{6,})\.json$/;

/** The claims of one role in a directory. */
export class ClaimFiles {
  readonly #directory: string;
  readonly #role: ClaimRole;

  constructor(directory: string, role: ClaimRole) {
    this.#directory = directory;
    this.#role = role;
  }

  prepare(): void {
    mkdirSync(this.#directory, { recursive: true });
  }

  /** 0 where there is none. */
  newestEpoch(): number {
    return Math.max(0, ...this.#names().map(([, epoch]) => epoch));
  }

  newest(): FoundClaim | undefined {
    const epoch = this.newestEpoch();
    if (epoch === 0) return undefined;
    try {
      const text = readFileSync(this.path(epoch), 'utf8');
      const { mtimeMs } = statSync(this.path(epoch));
      return { epoch, record: parse(text), mark: `${mtimeMs} ${text}` };
    } catch (error) {
      // Its successor removed it meanwhile.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.newest();
      throw error;
    }
  }

  /** Makes the claim of an epoch, whole, if there is none. Returns whether it was made. */
  create(epoch: number, record: ClaimRecord): boolean {
    const text = `${JSON.stringify(record)}\n`;
    const aside = `${this.path(epoch)}.${randomBytes(4).toString('hex')}`;
    try {
      writeFileSync(aside, text, { flag: 'wx', flush: true });
      linkOrWrite(aside, this.path(epoch), text);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return false;
    } finally {
      rmSync(aside, { force: true });
    }
  }

  replace(epoch: number, record: ClaimRecord): void {
    const aside = `${this.path(epoch)}.${randomBytes(4).toString('hex')}`;
    writeFileSync(aside, `${JSON.stringify(record)}\n`);
    renameSync(aside, this.path(epoch));
  }

  remove(epoch: number): void {
    rmSync(this.path(epoch), { force: true });
  }

  /** Removes older claims, and the sockets that they name. */
  removeBefore(epoch: number): void {
    for (const [name, found] of this.#names()) {
      if (found >= epoch) continue;
      const path = join(this.#directory, name);
      const lock = existsSync(path) ? parse(readFileSync(path, 'utf8'))?.lock : null;
      if (lock) rmSync(join(this.#directory, basename(lock)), { force: true });
      rmSync(path, { force: true });
    }
  }

  path(epoch: number): string {
    return join(this.#directory, `${this.#role}.${String(epoch).padStart(6, '0')}.json`);
  }

  #names(): [name: string, epoch: number][] {
    return namesIn(this.#directory).flatMap((name): [string, number][] => {
      const [, role, epoch] = NAME.exec(name) ?? [];
      return role === this.#role ? [[name, Number(epoch)]] : [];
    });
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A link appears whole; where there are none, whoever reads a part of a record waits until it is whole. */
function linkOrWrite(aside: string, path: string, text: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    writeFileSync(path, text, { flag: 'wx', flush: true });
  }
}

function parse(text: string): ClaimRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<ClaimRecord>;
    const isWhole = typeof record.host === 'string' && typeof record.pid === 'number';
    return isWhole && typeof record.since === 'string' ? (record as ClaimRecord) : undefined;
  } catch {
    return undefined;
  }
}
