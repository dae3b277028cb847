import { createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fleetError } from '@ddpm-fleet/core';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { thisPlatform } from './cache.js';
import { Progress, type OnProgress } from './progress.js';

/** What a wheel's file name says (PEP 427). */
export interface WheelName {
  readonly distribution: string;
  readonly version: string;
  readonly platformTag: string;
}

export function parseWheelName(path: string): WheelName | undefined {
  const parts = basename(path)
    .replace(/\.whl$/, '')
    .split('-');
  if (!path.endsWith('.whl') || parts.length < 5) return undefined;
  return { distribution: parts[0]!, version: parts[1]!, platformTag: parts.at(-1)! };
}

/** The machine that a wheel's platform tag must name. */
const MACHINES: Record<string, RegExp> = {
  'linux-x64': /linux.*x86_64/,
  'linux-arm64': /linux.*aarch64/,
  'darwin-arm64': /macosx.*(arm64|universal2)/,
};

/** @throws DDPM_ERR_ENGINE_SOURCE where the wheel is for another platform, or is not a wheel */
export function requireWheelForHere(path: string): WheelName {
  const name = parseWheelName(path);
  const platform = thisPlatform();
  const fits = name && MACHINES[platform]?.test(name.platformTag);
  if (name && fits) return name;
  const detail = name ? `it is a wheel for ${name.platformTag}` : 'its name is not that of a wheel';
  throw fleetError('DDPM_ERR_ENGINE_SOURCE', { source: path, detail, platform });
}

/**
 * Unpacks the files of a wheel that `place` gives a path, streaming: nothing is held in memory.
 * @param place where in `into` an entry goes, or undefined to leave it out
 * @throws DDPM_ERR_ENGINE_SOURCE where the file is not a whole zip
 */
export async function unpackWheel(
  wheel: string,
  into: string,
  place: (entryName: string) => string | undefined,
  say: OnProgress,
): Promise<string[]> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(wheel, { autoClose: false });
    const chosen = await chooseEntries(zip, place);
    const total = chosen.reduce((sum, [entry]) => sum + entry.uncompressedSize, 0);
    const progress = new Progress(`unpacking ${basename(wheel)}`, total, say);
    const counted = { bytes: 0 };
    for (const [entry, path] of chosen) await unpackEntry(zip, entry, join(into, path), counted, progress);
    return chosen.map(([, path]) => path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall) throw error;
    const detail = `it is not a whole wheel (${(error as Error).message})`;
    throw fleetError(
      'DDPM_ERR_ENGINE_SOURCE',
      { source: wheel, detail, platform: thisPlatform() },
      { cause: error },
    );
  } finally {
    zip?.close();
  }
}

async function chooseEntries(
  zip: ZipFile,
  place: (name: string) => string | undefined,
): Promise<[Entry, string][]> {
  const chosen: [Entry, string][] = [];
  for await (const entry of zip.eachEntry()) {
    const path = entry.fileName.endsWith('/') ? undefined : place(entry.fileName);
    if (path !== undefined) chosen.push([entry, path]);
  }
  return chosen;
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  path: string,
  counted: { bytes: number },
  progress: Progress,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      counted.bytes += chunk.length;
      progress.update(counted.bytes);
      done(null, chunk);
    },
  });
  await pipeline(await zip.openReadStreamPromise(entry), count, createWriteStream(path));
}

/** Bytes of all files under `dir`, files that vanish meanwhile left out. */
export async function treeBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
