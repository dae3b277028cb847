import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import {
  stepName,
  stepOf,
  type Entry,
  type Medium,
  type NewFile,
  type StoredFile,
  type Ticket,
} from '../medium.js';
import { errnoOf, type FileSystem } from './fileSystem.js';
import { processOwner, type Owner } from './owner.js';
import { sweep } from './sweep.js';
import { makeDirectory, namesIn, readFile, removeTree, writeFile } from './tree.js';
import { writeError } from '../writeError.js';

const READ_BYTES = 4 << 20;

/**
 * A directory of checkpoints. What is not an entry has a name of its own kind:
 * `step-N.tmp-<id>` is being written; `step-N.replaced-<id>` was an entry until the new one of that step took its
 * name, and counts as one while step-N is missing; `step-N.gone-<id>` is being deleted.
 */
export class DiskMedium implements Medium {
  readonly location: string;
  readonly #fs: FileSystem;
  readonly #owner: Owner;

  constructor(directory: string, fs: FileSystem, owner = processOwner) {
    this.location = directory;
    this.#fs = fs;
    this.#owner = owner;
  }

  ticket(globalStep: number, shares: number): Ticket {
    return { globalStep, shares, id: this.#owner.newId() };
  }

  async put(ticket: Ticket, { name, chunks }: NewFile): Promise<StoredFile> {
    const staging = this.#staging(ticket);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    await this.#writing(ticket, async () => {
      await makeDirectory(this.#fs, staging);
      await writeFile(this.#fs, join(staging, name), chunks(), (chunk) => {
        hash.update(chunk);
        sizeBytes += chunk.length;
      });
    });
    return { path: name, sizeBytes, sha256: hash.digest('hex') };
  }

  async commit(ticket: Ticket, files: readonly StoredFile[], manifest: Uint8Array): Promise<void> {
    const staging = this.#staging(ticket);
    await this.#writing(ticket, async () => {
      for (const { path, sizeBytes } of files) {
        const found = (await this.#fs.stat(join(staging, path))).sizeBytes;
        if (found !== sizeBytes) throw new Error(`${path} has ${found} bytes, its writer says ${sizeBytes}`);
      }
      await writeFile(this.#fs, join(staging, 'manifest.json'), [manifest]);
      await this.#fs.syncDirectory(staging);
      const latest = await this.#writeLatest(ticket);
      await this.#publish(ticket, staging);
      await this.#fs.rename(latest, join(this.location, 'LATEST'));
      await this.#fs.syncDirectory(this.location);
    });
    await sweep(this.#fs, this.location, this.#owner);
  }

  async abandon(ticket: Ticket): Promise<void> {
    // The save has failed already and says why; what cannot be removed now is swept later.
    await removeTree(this.#fs, this.#staging(ticket)).catch(() => {});
    await this.#fs.unlink(this.#latestAside(ticket)).catch(() => {});
  }

  async entries(): Promise<Entry[]> {
    const names = await this.#names();
    return names.flatMap((name) => {
      const [plain, kind] = splitName(name);
      const globalStep = stepOf(plain);
      const counts = kind === '' || (kind.startsWith('replaced-') && !names.includes(plain));
      return globalStep !== undefined && counts ? [{ name, globalStep }] : [];
    });
  }

  async latest(): Promise<string | undefined> {
    try {
      const pieces = [];
      for await (const piece of readFile(this.#fs, join(this.location, 'LATEST'), new Uint8Array(256))) {
        pieces.push(Buffer.from(piece));
      }
      return Buffer.concat(pieces).toString().trim();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async readManifest(entry: Entry): Promise<Buffer> {
    const pieces = [];
    const path = join(this.location, entry.name, 'manifest.json');
    for await (const piece of readFile(this.#fs, path, new Uint8Array(1 << 16)))
      pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }

  async sizes(entry: Entry, paths: readonly string[]): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const path of paths) {
      try {
        sizes.set(path, (await this.#fs.stat(join(this.location, entry.name, path))).sizeBytes);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    return sizes;
  }

  read(entry: Entry, path: string, sizeBytes: number): AsyncIterable<Uint8Array> {
    const piece = new Uint8Array(Math.min(READ_BYTES, sizeBytes + 1));
    return readFile(this.#fs, join(this.location, entry.name, path), piece);
  }

  async remove(entry: Entry): Promise<void> {
    const gone = join(this.location, `${splitName(entry.name)[0]}.gone-${this.#owner.newId()}`);
    await this.#fs.rename(join(this.location, entry.name), gone);
    await this.#fs.syncDirectory(this.location);
    await removeTree(this.#fs, gone);
  }

  /**
   * A directory cannot be renamed onto one that is not empty, so an entry of the same step moves aside first. It
   * counts until the new one has its name.
   */
  async #publish(ticket: Ticket, staging: string): Promise<void> {
    const name = stepName(ticket.globalStep);
    const final = join(this.location, name);
    if ((await namesIn(this.#fs, this.location)).includes(name)) {
      await this.#fs.rename(final, `${final}.replaced-${ticket.id}`);
    }
    await this.#fs.rename(staging, final);
    await this.#fs.syncDirectory(this.location);
  }

  /** Written before the entry has its name, so that a full disk is met while nothing has been published. */
  async #writeLatest(ticket: Ticket): Promise<string> {
    const path = this.#latestAside(ticket);
    await writeFile(this.#fs, path, [Buffer.from(`${stepName(ticket.globalStep)}\n`)]);
    return path;
  }

  async #names(): Promise<string[]> {
    try {
      return await namesIn(this.#fs, this.location);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw fleetError('DDPM_ERR_STORE_LOCATION', { location: this.location, problem }, { cause: error });
    }
  }

  async #writing(ticket: Ticket, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      throw writeError(ticket.globalStep, this.location, error);
    }
  }

  #latestAside(ticket: Ticket): string {
    return join(this.location, `LATEST.tmp-${ticket.id}`);
  }

  #staging(ticket: Ticket): string {
    return join(this.location, `${stepName(ticket.globalStep)}.tmp-${ticket.id}`);
  }
}

/** `step-00001000.tmp-<id>` -> [`step-00001000`, `tmp-<id>`] */
function splitName(name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}
