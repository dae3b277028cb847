import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compilerCandidates, packageDir } from '../install/addon.js';
import { fleetHome, thisPlatform } from '../install/cache.js';
import { lastLines, runCommand } from '../install/command.js';
import { NAPI_VERSION } from '../install/versions.js';

/** packages/engine/native, from dist/src/segments. */
const NATIVE = fileURLToPath(new URL('../../../native', import.meta.url));
const SOURCE = join(NATIVE, 'segments', 'segments.cc');

/**
 * The file of the addon that shares memory between processes. It is compiled once a machine and source, in a second or
 * two, and kept beside the engines; who does so at the same time makes the same file.
 * @throws Error with the reason where this system has no such memory, or no compiler
 */
export async function segmentsAddon(): Promise<string> {
  if (process.platform !== 'linux') throw new Error(`${process.platform} has no sealed memory files`);
  const dir = join(fleetHome(), 'segments');
  const path = join(dir, `${thisPlatform()}-${sourceHash()}.node`);
  if (existsSync(path)) return path;
  mkdirSync(dir, { recursive: true });
  const mine = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await compile(mine);
    renameSync(mine, path);
  } finally {
    rmSync(mine, { force: true });
  }
  return path;
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const file of [SOURCE, join(NATIVE, 'simd.h')]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

async function compile(out: string): Promise<void> {
  let problem = 'no C++ compiler: install g++, or name one in CXX';
  for (const program of compilerCandidates()) {
    const result = await runCommand(program, [...FLAGS(), SOURCE, '-o', out]);
    if (result.code === 0) return;
    if (!result.missing) problem = `${program}: ${lastLines(result)}`;
  }
  throw new Error(problem);
}

/** Sums must be rounded after every addition: nothing is contracted. */
const FLAGS = (): string[] => [
  ...['-std=c++17', '-O3', '-fno-math-errno', '-fno-trapping-math', '-ffp-contract=off', '-fPIC', '-shared'],
  ...['-w', '-Wno-psabi', `-DNAPI_VERSION=${NAPI_VERSION}`, '-DNODE_GYP_MODULE_NAME=segments'],
  ...['-I', join(packageDir('node-api-headers'), 'include')],
];
