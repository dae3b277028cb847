import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { buildAddon, requireCompiler } from './addon.js';
import * as cache from './cache.js';
import { directorySource } from './directorySource.js';
import { findGpus } from './gpu.js';
import { withLock } from './lock.js';
import { formatBytes, type OnProgress } from './progress.js';
import { findPythons } from './python.js';
import type { Source } from './source.js';
import { freeBytes, prepareCacheDir, publishWhole, requireSpace } from './staging.js';
import { isAcceptedTensorflow, NAPI_VERSION, OPERATIONS_VERSION, TFJS_VERSION } from './versions.js';
import { verifyEngine } from './verify.js';
import { downloadSource, wheelFileSource } from './wheelSource.js';
import { treeBytes } from './wheel.js';

export interface InstallOptions {
  /** Default: `cuda` where an NVIDIA GPU and its driver are, else `cpu`. */
  readonly variant?: cache.EngineVariant;
  /** A directory that holds libtensorflow, or a wheel: used instead of looking for one. */
  readonly from?: string;
  /** Builds again what is installed already. */
  readonly force?: boolean;
  /** Told what happens, in lines; long tasks say rate and time left. */
  readonly onProgress?: OnProgress;
}

/**
 * Puts the TensorFlow engine into the cache and returns it. An engine appears whole, verified, or not at all;
 * two installs at once do the work once.
 * @throws DDPM_ERR_ENGINE_* naming what is missing and the remedy
 */
export async function installEngine(options: InstallOptions = {}): Promise<cache.InstalledEngine> {
  const say = options.onProgress ?? (() => {});
  const dir = cache.enginesDir();
  await prepareCacheDir(dir);
  const variant = options.variant ?? (await defaultVariant());
  const onWait = (holder: string): void => say(`waiting for ${holder}, which is installing an engine`);
  return withLock(join(dir, 'install.lock'), onWait, async () => {
    const installed = options.force || options.from ? undefined : installedVariant(variant);
    if (installed) return installed;
    const source = await chooseSource(variant, options.from, say);
    return installFrom(source, dir, options.force ?? false, say);
  });
}

function installedVariant(variant: cache.EngineVariant): cache.InstalledEngine | undefined {
  return cache.installedEngines().find((engine) => engine.variant === variant && cache.isCurrent(engine));
}

export async function defaultVariant(): Promise<cache.EngineVariant> {
  return process.platform === 'linux' && (await findGpus()).length > 0 ? 'cuda' : 'cpu';
}

/** A named place, else an installed Python TensorFlow, else the wheel that pip fetches. */
async function chooseSource(
  variant: cache.EngineVariant,
  from: string | undefined,
  say: OnProgress,
): Promise<Source> {
  if (from !== undefined) return namedSource(from, variant);
  for (const { program, tensorflow } of await findPythons()) {
    if (!tensorflow || tensorflow.variant !== variant || !isAcceptedTensorflow(tensorflow.version)) continue;
    say(`found TensorFlow ${tensorflow.version} (${tensorflow.variant}) of ${program}`);
    return directorySource(tensorflow.dir);
  }
  return downloadSource(variant);
}

async function namedSource(from: string, variant: cache.EngineVariant): Promise<Source> {
  const refuse = (detail: string): never => {
    throw fleetError('DDPM_ERR_ENGINE_SOURCE', { source: from, detail, platform: cache.thisPlatform() });
  };
  if (!existsSync(from)) return refuse('it does not exist');
  const source = statSync(from).isDirectory() ? directorySource(from) : await wheelFileSource(from, variant);
  return isAcceptedTensorflow(source.version) ? source : refuse(`it is TensorFlow ${source.version}`);
}

async function installFrom(
  source: Source,
  dir: string,
  force: boolean,
  say: OnProgress,
): Promise<cache.InstalledEngine> {
  const final = join(dir, cache.engineKey(source.version, source.variant));
  const there = force ? undefined : cache.readInstalled(final);
  if (there && cache.isCurrent(there)) return there;
  await requireCompiler();
  await requireSpace(dir, source.needBytes);
  say(`installing TensorFlow ${source.version} (${source.variant}) from ${source.description}`);
  await publishWhole(final, (staging) => build(source, staging, say)).catch((error: unknown) =>
    explain(error, dir, source),
  );
  const installed = cache.readInstalled(final);
  if (!installed) throw new Error(`${final} is not an engine after its install`);
  say(`installed in ${final} (${formatBytes(installed.sizeBytes)})`);
  return installed;
}

async function explain(error: unknown, dir: string, source: Source): Promise<never> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  const have = formatBytes(await freeBytes(dir));
  throw fleetError(
    'DDPM_ERR_ENGINE_SPACE',
    { dir, have, need: formatBytes(source.needBytes) },
    { cause: error },
  );
}

async function build(source: Source, staging: string, say: OnProgress): Promise<void> {
  const staged = await source.stage(staging, say);
  const libraryDir = join(staging, staged.libraryDir);
  await mkdir(join(staging, 'addon'));
  const addon = {
    includeDir: staged.includeDir,
    libraries: staged.libraries.map((name) => join(libraryDir, name)),
    out: join(staging, 'addon', 'tfjs_binding.node'),
    libraryDir: join('..', staged.libraryDir),
    source: source.description,
  };
  await buildAddon(addon, say);
  const record = await recordOf(source, staged.loaderDirs, staging);
  say('verifying: loading it in a process and running an op');
  await verifyEngine({ ...record, dir: staging, addonPath: resolve(staging, record.addon) });
  await writeFile(cache.recordPath(staging), `${JSON.stringify(record, null, 2)}\n`);
  say('publishing: writing it to the disk, then renaming it into place');
}

async function recordOf(
  source: Source,
  libraryDirs: readonly string[],
  staging: string,
): Promise<cache.InstallRecord> {
  return {
    format: 1,
    version: source.version,
    variant: source.variant,
    platform: cache.thisPlatform(),
    tfjsVersion: TFJS_VERSION,
    napiVersion: NAPI_VERSION,
    operations: OPERATIONS_VERSION,
    source: source.description,
    installedAt: new Date().toISOString(),
    addon: join('addon', 'tfjs_binding.node'),
    libraryDirs,
    sizeBytes: await treeBytes(staging),
  };
}
