import { isFleetError } from '@ddpm-fleet/core';
import type { SourceFile } from '../reader.js';

/** Where the files of a data set are. Paths are as users write them, and begin with the `data.path` of the config. */
export interface Storage {
  /** The path of a name in a directory. */
  join(directory: string, name: string): string;
  /** The names that lead from a directory to a path below it. */
  namesBelow(directory: string, path: string): string[];
  /** @throws DDPM_ERR_DATA_MISSING, as the three below do */
  stat(path: string): Promise<SourceFile>;
  isDirectory(path: string): Promise<boolean>;
  /** Names in a directory, in byte order. */
  list(directory: string): Promise<string[]>;
  /** Files to any depth whose names are `wanted`; hidden files and directories are left out. */
  find(directory: string, wanted: (name: string) => boolean): Promise<Found>;
  /** @throws DDPM_ERR_DATA_MISSING, DDPM_ERR_DATA_CHANGED where the file is told to be another one by now */
  readWhole(file: SourceFile): Promise<Uint8Array>;
  /** @throws DDPM_ERR_DATA_MISSING */
  open(file: SourceFile): Promise<StoredFile>;
  /** Present where what one machine finds out about a data set can be left beside it for others. */
  write?(path: string, bytes: Uint8Array): Promise<void>;
}

/** What lies below a directory, in no order. */
export interface Found {
  /** Each file once, also where links lead to it. */
  readonly files: readonly SourceFile[];
  /** Of wanted names, but no files that can be read: links to nothing, pipes. */
  readonly broken: readonly Problem[];
  /** Directories that cannot be looked into. */
  readonly closed: readonly Problem[];
  /** How many files have names that are not wanted, by ending (`.txt`, or empty). */
  readonly others: ReadonlyMap<string, number>;
  /** Links to files that are found by their own names. */
  readonly repeated: readonly string[];
}

export interface Problem {
  readonly path: string;
  readonly reason: string;
}

/** `.png` of `A.PNG`; empty for a name without ending. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
}

/** A file open for reads at any place. */
export interface StoredFile {
  /**
   * Exactly `length` bytes, an array of their own.
   * @throws DDPM_ERR_DATA_TRUNCATED when the file ends before
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** How many files are looked up at once. */
const WINDOW = 32;

/** `stat` of many paths, in their order. */
export async function statAll(storage: Storage, paths: readonly string[]): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (let at = 0; at < paths.length; at += WINDOW) {
    files.push(...(await Promise.all(paths.slice(at, at + WINDOW).map((path) => storage.stat(path)))));
  }
  return files;
}

/** Whether a service failed or refused, which says nothing about the image that was asked for. */
export function isServiceError(error: unknown): boolean {
  return isFleetError(error) && error.code.startsWith('DDPM_ERR_STORE_');
}
