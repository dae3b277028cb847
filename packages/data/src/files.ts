import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { fleetError } from '@ddpm-fleet/core';
import type { SourceFile } from './reader.js';

/** @throws DDPM_ERR_DATA_MISSING */
export async function statFile(path: string): Promise<SourceFile> {
  const found = await statPath(path);
  return { path, sizeBytes: found.size, mtimeMs: found.mtimeMs, ctimeMs: found.ctimeMs };
}

/** @throws DDPM_ERR_DATA_MISSING */
export async function isDirectory(path: string): Promise<boolean> {
  return (await statPath(path)).isDirectory();
}

/** Names in a directory, in byte order. @throws DDPM_ERR_DATA_MISSING */
export async function listDirectory(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort(byteOrder);
  } catch (cause) {
    throw missing(path, cause);
  }
}

/** The order of names that no locale changes. */
export function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @throws DDPM_ERR_DATA_MISSING */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw missing(path, cause);
  }
}

/**
 * Exactly `length` bytes at `offset`.
 * @throws DDPM_ERR_DATA_TRUNCATED when the file ends before
 */
export async function readExactly(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(out, done, length - done, offset + done);
    if (bytesRead === 0) throw truncated(path, offset + length, (await file.stat()).size);
    done += bytesRead;
  }
  return out;
}

export function truncated(file: string, expected: number, found: number): Error {
  return fleetError('DDPM_ERR_DATA_TRUNCATED', { file, expected, found });
}

export function missing(path: string, cause: unknown): Error {
  return fleetError('DDPM_ERR_DATA_MISSING', { path, reason: reasonOf(cause) }, { cause });
}

const SPOKEN: Record<string, string> = {
  ENOENT: 'there is nothing there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'it is not a directory',
  EISDIR: 'it is a directory',
};

export function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return (code && SPOKEN[code]) ?? message ?? String(cause);
}

async function statPath(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw missing(path, cause);
  }
}
