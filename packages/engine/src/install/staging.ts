import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { formatBytes } from './progress.js';

const PREFIX = '.building-';

/**
 * Builds a directory aside, in the same file system, and makes it `final` by one rename when `build` is done and
 * every byte is on the disk. Whatever interrupts it leaves `final` as it was.
 * Callers hold the lock of `final`: what earlier, dead builders of it left is removed first.
 */
export async function publishWhole(final: string, build: (staging: string) => Promise<void>): Promise<void> {
  const parent = dirname(final);
  await removeLeftovers(final);
  const staging = join(parent, `${PREFIX}${basename(final)}-${randomBytes(4).toString('hex')}`);
  await mkdir(staging);
  try {
    await build(staging);
    await syncTree(staging);
    await replace(final, staging);
    await syncDir(parent);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

export async function removeLeftovers(final: string): Promise<void> {
  const parent = dirname(final);
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${PREFIX}${basename(final)}-`)) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** A rename cannot replace a full directory, so an old install steps aside first, under a leftover's name. */
async function replace(final: string, staging: string): Promise<void> {
  const old = join(dirname(final), `${PREFIX}${basename(final)}-old-${randomBytes(4).toString('hex')}`);
  const hadOld = await rename(final, old).then(
    () => true,
    () => false,
  );
  await rename(staging, final);
  if (hadOld) await rm(old, { recursive: true, force: true });
}

async function syncTree(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncDir(dir);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

const syncDir = syncFile;

/** @throws DDPM_ERR_ENGINE_CACHE where `dir` cannot be made or written */
export async function prepareCacheDir(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await rm(await mkdtemp(join(dir, '.probe-')), { recursive: true });
  } catch (error) {
    throw fleetError('DDPM_ERR_ENGINE_CACHE', { dir, reason: (error as Error).message }, { cause: error });
  }
}

/** @throws DDPM_ERR_ENGINE_SPACE where the disk of `dir` has less than `needBytes` */
export async function requireSpace(dir: string, needBytes: number): Promise<void> {
  const have = await freeBytes(dir);
  if (have >= needBytes) return;
  throw fleetError('DDPM_ERR_ENGINE_SPACE', { dir, have: formatBytes(have), need: formatBytes(needBytes) });
}

export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
