import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { lastLines, runCommand } from './command.js';
import { withTicker, type OnProgress } from './progress.js';
import { ACCEPTED_TENSORFLOW, NAPI_VERSION } from './versions.js';

const require = createRequire(import.meta.url);

export function compilerCandidates(): string[] {
  const named = process.env['CXX'];
  return named ? [named] : ['c++', 'g++', 'clang++'];
}

/** The first C++ compiler that runs, and what it says it is. */
export async function findCompiler(): Promise<{ program: string; version: string } | undefined> {
  for (const program of compilerCandidates()) {
    const result = await runCommand(program, ['--version'], { timeoutMs: 20_000 });
    if (result.code === 0) return { program, version: result.stdout.split('\n')[0]!.trim() };
  }
  return undefined;
}

/** @throws DDPM_ERR_ENGINE_COMPILER */
export async function requireCompiler(): Promise<string> {
  const compiler = await findCompiler();
  if (compiler) return compiler.program;
  throw fleetError('DDPM_ERR_ENGINE_COMPILER', { tried: `${compilerCandidates().join(', ')}: not found` });
}

export interface AddonBuild {
  /** Holds tensorflow/c and what it includes. */
  readonly includeDir: string;
  /** The libtensorflow files, full paths. */
  readonly libraries: readonly string[];
  readonly out: string;
  /** The libraries' directory as seen from the addon's. */
  readonly libraryDir: string;
  /** For messages. */
  readonly source: string;
}

/** The directory of an npm package, wherever npm hoisted it. */
export function packageDir(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/**
 * Compiles the addon of tfjs-node-gpu: its C++ files as they are published, against this libtensorflow.
 * @throws DDPM_ERR_ENGINE_COMPILER, DDPM_ERR_ENGINE_BUILD
 */
export async function buildAddon(build: AddonBuild, say: OnProgress): Promise<void> {
  const compiler = await requireCompiler();
  say(`compiling the addon with ${compiler}`);
  const args = [...compileFlags(build.includeDir), ...linkFlags(build), '-o', build.out];
  const result = await withTicker('compiling the addon', say, 10, () => runCommand(compiler, args));
  if (result.code === 0) return;
  const errors = result.stderr.split('\n').filter((line) => /error|undefined/i.test(line));
  const detail = errors[0] ?? lastLines(result);
  throw fleetError('DDPM_ERR_ENGINE_BUILD', { source: build.source, detail, accepted: ACCEPTED_TENSORFLOW });
}

function compileFlags(includeDir: string): string[] {
  const binding = join(packageDir('@tensorflow/tfjs-node-gpu'), 'binding');
  const sources = readdirSync(binding).filter((name) => name.endsWith('.cc'));
  const headers = join(packageDir('node-api-headers'), 'include');
  const flags = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-w',
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    '-I',
    headers,
    '-I',
    includeDir,
  ];
  return [...flags, ...sources.map((name) => join(binding, name))];
}

/** Node's own symbols are found when Node loads the addon; libtensorflow through a path relative to it. */
function linkFlags({ libraries, libraryDir }: AddonBuild): string[] {
  if (process.platform === 'darwin') {
    return ['-bundle', '-undefined', 'dynamic_lookup', `-Wl,-rpath,@loader_path/${libraryDir}`, ...libraries];
  }
  return ['-shared', `-Wl,-rpath,$ORIGIN/${libraryDir}`, ...libraries];
}
