import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configYaml, type RunConfig } from '@ddpm-fleet/config';
import { CLI } from '../launch/installation.js';

/** Trains with real processes in a directory of its own, and removes it once `read` has seen the run. */
export async function scratchRun<T>(
  config: RunConfig,
  workers: number,
  read: (runDir: string) => T,
): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'ddpm-bench-'));
  try {
    const runDir = join(scratch, 'run');
    const file = join(scratch, 'config.yaml');
    writeFileSync(file, configYaml(config));
    await launch([file, '--run-dir', runDir, '--workers', String(workers)]);
    return read(runDir);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function launch(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [CLI, 'launch', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-2000)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`the run ended with ${code}\n${tail}`)),
    );
  });
}
