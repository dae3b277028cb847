import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
 * Compiles the addon of tfjs-node-gpu, its C++ files as they are published, together with our own operations, against
 * this libtensorflow. Where the operations do not compile the addon goes without: graphs then use TensorFlow's alone.
 * @throws DDPM_ERR_ENGINE_COMPILER, DDPM_ERR_ENGINE_BUILD
 */
export async function buildAddon(build: AddonBuild, say: OnProgress): Promise<void> {
  const compiler = await requireCompiler();
  say(`compiling the addon with ${compiler}`);
  const errors = await compile(compiler, build, [...bindingSources(), ...operationSources()], say);
  if (errors === undefined) return;
  say(`its operations do not compile (${errors}): building without them, which is slower`);
  const detail = await compile(compiler, build, bindingSources(), say);
  if (detail === undefined) return;
  throw fleetError('DDPM_ERR_ENGINE_BUILD', { source: build.source, detail, accepted: ACCEPTED_TENSORFLOW });
}

/** What is wrong, where something is. */
async function compile(
  compiler: string,
  build: AddonBuild,
  sources: readonly string[],
  say: OnProgress,
): Promise<string | undefined> {
  const args = [...compileFlags(build.includeDir), ...sources, ...linkFlags(build), '-o', build.out];
  const result = await withTicker('compiling the addon', say, 10, () => runCommand(compiler, args));
  if (result.code === 0) return undefined;
  const errors = result.stderr.split('\n').filter((line) => /error|undefined/i.test(line));
  return errors[0] ?? lastLines(result);
}

function bindingSources(): string[] {
  return sourcesIn(join(packageDir('@tensorflow/tfjs-node-gpu'), 'binding'));
}

/** packages/engine/native, from dist/src/install. */
function operationSources(): string[] {
  return sourcesIn(fileURLToPath(new URL('../../../native', import.meta.url)));
}

function sourcesIn(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => name.endsWith('.cc'));
  return names.map((name) => join(dir, name));
}

function compileFlags(includeDir: string): string[] {
  const headers = join(packageDir('node-api-headers'), 'include');
  return [
    '-std=c++17',
    // The operations are loops over arrays of floats that should become vector instructions.
    '-O3',
    '-fno-math-errno',
    '-fno-trapping-math',
    '-ffp-contract=fast',
    '-fPIC',
    '-w',
    '-Wno-psabi',
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    '-I',
    headers,
    '-I',
    includeDir,
  ];
}

/** Node's own symbols are found when Node loads the addon; libtensorflow through a path relative to it. */
function linkFlags({ libraries, libraryDir }: AddonBuild): string[] {
  if (process.platform === 'darwin') {
    return ['-bundle', '-undefined', 'dynamic_lookup', `-Wl,-rpath,@loader_path/${libraryDir}`, ...libraries];
  }
  return ['-shared', `-Wl,-rpath,$ORIGIN/${libraryDir}`, ...libraries];
}
