import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rmdir, stat, unlink, type FileHandle } from 'node:fs/promises';

/** An open file. */
export interface OpenFile {
  /** Appends; may write less than it is given. Returns the bytes written. */
  write(bytes: Uint8Array): Promise<number>;
  /** Fills `into` from `position`; 0 at the end. Returns the bytes read. */
  read(into: Uint8Array, position: number): Promise<number>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The system calls that a store on disk makes, one method each and nothing else, so that a test can stand under the
 * real code and stop it at any of them.
 */
export interface FileSystem {
  mkdir(path: string): Promise<void>;
  /** `r` reads a regular file, `wx` creates and fails if the file exists. */
  open(path: string, flags: 'r' | 'wx'): Promise<OpenFile>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<{ sizeBytes: number; modifiedMs: number }>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
}

export const nodeFileSystem: FileSystem = {
  mkdir: (path) => mkdir(path),
  open: async (path, flags) => {
    const file = flags === 'r' ? await openRegular(path) : await open(path, flags);
    return {
      write: async (bytes) => (await file.write(bytes)).bytesWritten,
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  syncDirectory: async (path) => {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } catch (error) {
      // Some network file systems cannot sync a directory; there is nothing more to be done on them.
      if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
    } finally {
      await directory.close();
    }
  },
  rename,
  readdir: (path) => readdir(path),
  stat: async (path) => {
    const { size, mtimeMs } = await stat(path);
    return { sizeBytes: size, modifiedMs: mtimeMs };
  },
  unlink,
  rmdir: (path) => rmdir(path),
};

/** A device may never end and a FIFO waits for a writer: neither is read, nor waited for. */
async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path} is not a regular file`);
}

/** The code of a system error, e.g. ENOENT. */
export function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
