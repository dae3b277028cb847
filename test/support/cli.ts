import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const BIN = join(ROOT, 'packages/cli/bin/ddpm-fleet.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The command is killed, and the promise rejected, after this long: nothing may hang. */
  readonly timeoutMs?: number;
}

/** Runs the real command line in a process of its own. */
export function ddpmFleet(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const started = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`ddpm-fleet ${args.join(' ')} hung\n${stdout}\n${stderr}`));
    }, options.timeoutMs ?? 120_000);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, seconds: (performance.now() - started) / 1000 });
    });
  });
}

const scratches = mkdtempSync(join(tmpdir(), 'ddpm-fleet-e2e-'));
process.once('exit', () => rmSync(scratches, { recursive: true, force: true }));

/** A new directory, which is removed with the process. */
export function scratch(): string {
  return mkdtempSync(join(scratches, 'run-'));
}
