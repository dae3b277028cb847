import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BIN, ddpmFleet, ROOT } from '../support/cli.js';

/** A command that goes on in the background, with its output in a file. */
export interface Background {
  readonly child: ChildProcess;
  readonly log: string;
  readonly exited: Promise<number | null>;
}

export function inBackground(args: readonly string[], log: string): Background {
  mkdirSync(join(log, '..'), { recursive: true });
  const file = openSync(log, 'a');
  const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, stdio: ['ignore', file, file] });
  closeSync(file);
  return { child, log, exited: new Promise((resolve) => child.once('exit', (code) => resolve(code))) };
}

/** Runs a command to its end and reads the one document that it prints. */
export async function document<T>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await ddpmFleet([...args, '--json'], { timeoutMs: 4 * 3_600_000 });
  if (code !== 0) throw new Error(`ddpm-fleet ${args.join(' ')} ended with ${code}\n${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

export interface Live {
  readonly pid?: number;
  readonly state: string;
  readonly globalStep: number;
  readonly workers: readonly { readonly id: string; readonly state: string }[];
}

export function live(dir: string): Live | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'live.json'), 'utf8')) as Live;
  } catch {
    return undefined;
  }
}

export async function until(what: string, look: () => boolean, limitMs: number): Promise<void> {
  for (const endAt = performance.now() + limitMs; !look(); await sleep(50))
    if (performance.now() > endAt) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
}

export function activeWorkers(dir: string): number {
  return live(dir)?.workers.filter(({ state }) => state === 'active').length ?? 0;
}

export interface JournalLine {
  readonly kind: string;
  readonly at: string;
  readonly worker?: string;
  readonly globalStep?: number;
}

export function journal(dir: string): JournalLine[] {
  const text = readFileSync(join(dir, 'journal.ndjson'), 'utf8');
  // What is behind the last line feed is being written.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalLine);
}
