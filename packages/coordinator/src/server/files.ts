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
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** A file that only grows. */
export interface GrowingFile {
  /** Hands bytes to the operating system; it may take a part. Returns how many. @throws while the disk takes nothing */
  write(bytes: Uint8Array): number;
  /** Resolves when what was written before is durable. */
  sync(): Promise<void>;
  syncNow(): void;
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
    return {
      write: (bytes) => writeSync(file, bytes),
      sync: () => promisify(fsync)(file),
      syncNow: () => fsyncSync(file),
      close: () => closeSync(file),
    };
  },
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
    writeFileSync(`${path}.next`, text);
    renameSync(`${path}.next`, path);
  },
  remove: (path) => rmSync(path, { force: true }),
  list: (directory) => readdirSync(directory),
};

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } catch {
    // Some network file systems cannot sync a directory; there is nothing more to be done on them.
  } finally {
    closeSync(directory);
  }
}
