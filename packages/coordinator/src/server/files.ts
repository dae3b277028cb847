import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Ends the name of what is about to take the place of a file. */
const ASIDE = '.next';

/** A file that only grows. */
export interface GrowingFile {
  /** Hands bytes to the operating system; it may take a part. Returns how many. @throws while the disk takes nothing */
  write(bytes: Uint8Array): number;
  /** Resolves when what was written before is durable. */
  sync(): Promise<void>;
  close(): void;
}

/** The end of a file. */
export interface Tail {
  /** Where in the file it begins. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * What a coordinator does with the files of its run, one method each, so that a simulation can stand under it.
 * Every method throws what the system says.
 */
export interface Files {
  /** Makes the file if there is none; then its name is durable. */
  append(path: string): GrowingFile;
  /** The last `maxBytes`, or undefined where there is no file. */
  readTail(path: string, maxBytes: number): Tail | undefined;
  truncate(path: string, sizeBytes: number): void;
  /**
   * Puts a new file in the place of one: its first `keptBytes`, and `rest` behind them. It is durable then.
   * @param fence called when all is ready; what it throws leaves the old file as it is
   */
  rewrite(path: string, keptBytes: number, rest: Uint8Array, fence?: () => void): GrowingFile;
  readText(path: string): string;
  /** Whoever reads meanwhile finds the old text or the new one. */
  replace(path: string, text: string): void;
  /** What is not there needs no removing. */
  remove(path: string): void;
  list(directory: string): string[];
}

export const nodeFiles: Files = {
  append: (path) => {
    const isNew = !existsSync(path);
    const file = openSync(path, 'a');
    // Its lines are durable only if its name is.
    if (isNew) syncDirectory(dirname(path));
    return growing(file);
  },
  rewrite: (path, keptBytes, rest, fence) => growing(rewrite(path, keptBytes, rest, fence)),
  readTail: (path, maxBytes) => {
    if (!existsSync(path)) return undefined;
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const start = Math.max(0, size - maxBytes);
      const bytes = Buffer.alloc(size - start);
      return { start, bytes: bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start)) };
    } finally {
      closeSync(file);
    }
  },
  truncate: (path, sizeBytes) => {
    const file = openSync(path, 'r+');
    try {
      ftruncateSync(file, sizeBytes);
    } finally {
      closeSync(file);
    }
  },
  readText: (path) => readFileSync(path, 'utf8'),
  replace: (path, text) => {
    writeFileSync(`${path}${ASIDE}`, text);
    renameSync(`${path}${ASIDE}`, path);
  },
  remove: (path) => rmSync(path, { force: true }),
  list: (directory) => readdirSync(directory),
};

function growing(file: number): GrowingFile {
  return {
    write: (bytes) => writeSync(file, bytes),
    sync: () => promisify(fsync)(file),
    close: () => closeSync(file),
  };
}

const COPY_BYTES = 4 << 20;

/**
 * Bytes are read and written, never cloned: a clone would share blocks that may not be what was written. What is renamed
 * at last is made before the fence is asked, so that whoever takes the run over and removes it is safe from it.
 */
function rewrite(
  path: string,
  keptBytes: number,
  rest: Uint8Array,
  fence: () => void = () => undefined,
): number {
  const next = `${path}.${randomBytes(4).toString('hex')}${ASIDE}`;
  const file = openSync(next, 'ax');
  try {
    copyStart(path, keptBytes, file);
    writeAll(file, rest);
    fsyncSync(file);
    fence();
    renameSync(next, path);
    syncDirectory(dirname(path));
    return file;
  } catch (error) {
    closeSync(file);
    rmSync(next, { force: true });
    throw error;
  }
}

function copyStart(path: string, bytes: number, to: number): void {
  if (bytes === 0) return;
  const from = openSync(path, 'r');
  try {
    const piece = Buffer.alloc(Math.min(COPY_BYTES, bytes));
    for (let at = 0; at < bytes;) {
      const read = readSync(from, piece, 0, Math.min(piece.length, bytes - at), at);
      if (read === 0) throw new Error(`${path} has ${at} bytes, and had ${bytes}`);
      writeAll(to, piece.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(from);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Removes what somebody was about to put in the place of a file. */
export function removeAside(path: string): void {
  const directory = dirname(path);
  for (const name of readdirSync(directory))
    if (name.startsWith(`${basename(path)}.`) && name.endsWith(ASIDE))
      rmSync(join(directory, name), { force: true });
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } catch (error) {
    // Some network file systems cannot sync a directory; there is nothing more to be done on them.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  } finally {
    closeSync(directory);
  }
}
