import { constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { thisPlatform, type EngineVariant } from './cache.js';
import { Progress, type OnProgress } from './progress.js';
import { isLibtensorflow, type Source, type Staged } from './source.js';

/**
 * A TensorFlow that is on this machine: `site-packages/tensorflow`, or an unpacked libtensorflow archive with `lib/`
 * and `include/`. Its libraries are copied, so that an upgrade of that Python does not change an engine under a run.
 * @throws DDPM_ERR_ENGINE_SOURCE
 */
export function directorySource(dir: string): Source {
  const root = resolve(dir);
  const libraryDir = [root, join(root, 'lib')].find((at) => libraryNames(at).length > 0);
  const includeDir = join(root, 'include');
  if (!libraryDir) return refuse(root, 'it holds no libtensorflow_cc or libtensorflow library');
  if (!existsSync(join(includeDir, 'tensorflow/c/c_api.h')))
    return refuse(root, 'it has no include/tensorflow/c/c_api.h');
  const version = versionOf(root, libraryDir);
  if (!version) return refuse(root, 'its version cannot be told');
  const variant = variantOf(root);
  const names = libraryNames(libraryDir);
  const sizeBytes = names.reduce((sum, name) => sum + statSync(join(libraryDir, name)).size, 0);
  const stage = (staging: string, say: OnProgress): Promise<Staged> =>
    copyLibraries({ root, libraryDir, includeDir, names, variant, sizeBytes }, staging, say);
  return { description: root, version, variant, needBytes: sizeBytes + 50e6, stage };
}

function refuse(source: string, detail: string): never {
  throw fleetError('DDPM_ERR_ENGINE_SOURCE', { source, detail, platform: thisPlatform() });
}

function libraryNames(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir).filter(isLibtensorflow) : [];
}

/** From the wheel's metadata beside it, the headers, or the name of the file that a library link points to. */
function versionOf(root: string, libraryDir: string): string | undefined {
  const info = readdirSync(dirname(root)).map(
    (name) => /^tensorflow(?:_cpu|_gpu|_macos)?-(\d[^-]*)\.dist-info$/.exec(name)?.[1],
  );
  const fromInfo =
    basename(root) === 'tensorflow' ? info.find((version) => version !== undefined) : undefined;
  return (
    fromInfo ??
    versionInHeader(join(root, 'include/tensorflow/core/public/version.h')) ??
    versionInName(libraryDir)
  );
}

function versionInHeader(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`define TF_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return parts.every((part) => part !== undefined) ? parts.join('.') : undefined;
}

function versionInName(libraryDir: string): string | undefined {
  const names = libraryNames(libraryDir).map((name) => basename(realpathSync(join(libraryDir, name))));
  return names.map((name) => /(\d+\.\d+\.\d+)/.exec(name)?.[1]).find((version) => version !== undefined);
}

function variantOf(root: string): EngineVariant {
  const info = join(root, 'python/platform/build_info.py');
  return existsSync(info) && /'is_cuda_build', True/.test(readFileSync(info, 'utf8')) ? 'cuda' : 'cpu';
}

interface Found {
  readonly root: string;
  readonly libraryDir: string;
  readonly includeDir: string;
  readonly names: readonly string[];
  readonly variant: EngineVariant;
  readonly sizeBytes: number;
}

async function copyLibraries(found: Found, staging: string, say: OnProgress): Promise<Staged> {
  await mkdir(join(staging, 'tensorflow'));
  const progress = new Progress(`copying from ${found.root}`, found.sizeBytes, say);
  let done = 0;
  for (const name of found.names) {
    const path = join(found.libraryDir, name);
    // A file system that can share the blocks does; a link would change when that Python is upgraded.
    await copyFile(path, join(staging, 'tensorflow', name), constants.COPYFILE_FICLONE);
    progress.update((done += statSync(path).size));
  }
  const loaderDirs = found.variant === 'cuda' ? cudaLibrariesBeside(found.root) : [];
  return {
    includeDir: found.includeDir,
    libraryDir: 'tensorflow',
    libraries: found.names,
    loaderDirs,
  };
}

/** The CUDA packages that pip put beside TensorFlow: `site-packages/nvidia/<library>/lib`. */
function cudaLibrariesBeside(root: string): string[] {
  const nvidia = join(dirname(root), 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((dir) => existsSync(dir));
}
