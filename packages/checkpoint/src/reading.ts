import { createHash } from 'node:crypto';
import { emaName, fleetError, isFleetError } from '@ddpm-fleet/core';
import { Assembly, averageName } from './assembly.js';
import { checkpointDigest } from './digest.js';
import { averagesOf, decodeManifest, type FileRecord, type Manifest } from './manifest.js';
import type { Entry, Medium, StoredFile } from './medium.js';
import { SafetensorsDecoder } from './safetensors/decode.js';
import type { WeightsName } from './state.js';
import type { Skipped } from './store.js';

/** Newest first; of one step the published one before what it is about to replace. */
export async function newestFirst(medium: Medium): Promise<Entry[]> {
  const entries = await medium.entries();
  return entries.toSorted((a, b) => b.globalStep - a.globalStep || a.name.length - b.name.length);
}

/** The manifest, after a look at the size of each file. */
export async function readManifest(medium: Medium, entry: Entry): Promise<Manifest> {
  const manifest = decodeManifest(await medium.readManifest(entry), entry.name);
  if (manifest.globalStep !== entry.globalStep)
    throw new Error(`manifest.json: it is of step ${manifest.globalStep}`);
  await assertSizes(medium, entry, manifest.files);
  return manifest;
}

/** An Error naming a file that is missing or has another size. */
export async function assertSizes(medium: Medium, entry: Entry, files: readonly StoredFile[]): Promise<void> {
  const sizes = await medium.sizes(
    entry,
    files.map((file) => file.path),
  );
  for (const { path, sizeBytes } of files) {
    const size = sizes.get(path);
    if (size === undefined) throw new Error(`${path}: it is missing`);
    if (size !== sizeBytes) throw new Error(`${path}: it has ${size} bytes, the manifest says ${sizeBytes}`);
  }
}

/** Reads a file once; an Error when it is not the one that the manifest means. */
export async function readVerified(
  medium: Medium,
  entry: Entry,
  file: StoredFile,
  sink: (chunk: Uint8Array) => void,
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of medium.read(entry, file.path, file.sizeBytes)) {
    hash.update(chunk);
    size += chunk.length;
    sink(chunk);
  }
  if (size !== file.sizeBytes)
    throw new Error(`${file.path}: it has ${size} bytes, the manifest says ${file.sizeBytes}`);
  const sha256 = hash.digest('hex');
  if (sha256 !== file.sha256)
    throw new Error(`${file.path}: its sha256 is ${sha256}, the manifest says ${file.sha256}`);
}

/** The tensors of the wanted files, or an Error that says what is wrong with the checkpoint. */
export async function assemble(
  medium: Medium,
  entry: Entry,
  manifest: Manifest,
  wanted?: (file: FileRecord) => boolean,
): Promise<Assembly> {
  const assembly = new Assembly(manifest, wanted);
  for (const file of wanted ? manifest.files.filter(wanted) : manifest.files) {
    const decoder = new SafetensorsDecoder(file.path, assembly.destination(file));
    await readVerified(medium, entry, file, (chunk) => decoder.push(chunk));
    decoder.finish();
  }
  assembly.assertWhole(manifest);
  if (!wanted) assertDigest(assembly, manifest);
  return assembly;
}

/**
 * The first of `entries` that `read` can use.
 * @throws DDPM_ERR_CHECKPOINT_ALL_BAD naming every one
 */
export async function firstUsable<T>(
  location: string,
  entries: readonly Entry[],
  read: (entry: Entry) => Promise<T>,
): Promise<{ entry: Entry; value: T; skipped: Skipped[] }> {
  const skipped: Skipped[] = [];
  for (const entry of entries) {
    try {
      return { entry, value: await read(entry), skipped };
    } catch (error) {
      skipped.push({ name: entry.name, problem: problemOf(error) });
    }
  }
  const list = skipped.map(({ name, problem }) => `${name} (${problem})`).join('; ');
  throw fleetError('DDPM_ERR_CHECKPOINT_ALL_BAD', { location, list });
}

/**
 * What is wrong with a checkpoint, in words. What is not the checkpoint's fault (the store cannot be reached, the
 * format is newer than this release) is thrown on: falling back to an older one would hide it.
 */
export function problemOf(error: unknown): string {
  if (
    isFleetError(error) &&
    error.code !== 'DDPM_ERR_SAFETENSORS' &&
    error.code !== 'DDPM_ERR_LAYOUT_MISMATCH'
  ) {
    throw error;
  }
  return error instanceof Error ? error.message : String(error);
}

function assertDigest({ state, layout }: Assembly, manifest: Manifest): void {
  const digest = checkpointDigest(state, layout);
  if (digest !== manifest.digest)
    throw new Error(`its digest is ${digest}, the manifest says ${manifest.digest}`);
}

/** Which files hold these weights. @throws DDPM_ERR_CHECKPOINT_WEIGHTS when none does */
export function weightsFilter(
  manifest: Manifest,
  weights: WeightsName,
  name: string,
): (file: FileRecord) => boolean {
  if (weights === 'raw') return ({ part }) => part === 'params';
  const averages = averagesOf(manifest).map(emaName);
  const wanted = emaName(weights);
  if (averages.includes(wanted)) return (file) => averageName(file) === wanted;
  const has = ['raw', ...averages].join(', ');
  throw fleetError('DDPM_ERR_CHECKPOINT_WEIGHTS', { name, wanted, has });
}
