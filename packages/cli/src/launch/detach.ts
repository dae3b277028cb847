import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths } from '@ddpm-fleet/config';
import { assertFree } from '@ddpm-fleet/coordinator';
import { shellWord } from '@ddpm-fleet/core';
import { note, print } from '../output.js';
import { CLI } from './installation.js';
import { readLive } from './live.js';

const LOOK_MS = 200;

/**
 * Starts the same launch in a session of its own, which no terminal and no signal of one reaches, and stays until its
 * coordinator is up or it has ended.
 */
export async function detach(dir: string, argv: readonly string[]): Promise<void> {
  const { logs, claims } = runPaths(dir);
  await assertFree({ runDir: dir, directory: claims, role: 'coordinator', onWait: note });
  mkdirSync(logs, { recursive: true });
  const path = join(logs, 'launch.log');
  const log = openSync(path, 'a');
  const start = fstatSync(log).size;
  const args = argv.filter((arg) => arg !== '--detach');
  const child = spawn(process.execPath, [CLI, ...args], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const code = await upOrOver(child, dir);
  if (code !== undefined) {
    note(readFileSync(path).subarray(start).toString('utf8').trimEnd());
    process.exitCode = code;
    return;
  }
  child.unref();
  print(`detached: launcher pid ${child.pid}, log ${shellWord(path)}`);
  note(`ddpm-fleet status ${shellWord(dir)} looks; kill ${child.pid} saves and ends it`);
}

/** The exit code of a launch that is over before its coordinator was up; else undefined. */
async function upOrOver(child: ChildProcess, dir: string): Promise<number | undefined> {
  let code: number | undefined;
  child.once('error', () => (code = 1)).once('exit', (status) => (code = status ?? 1));
  while (code === undefined && !readLive(dir)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  return code;
}
