import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ProcessSpec } from '../src/index.js';

/** A directory that is removed when the test ends. */
export async function scratch(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'ddpm-launch-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function script(dir: string, name: string, body: string): Promise<string> {
  const path = join(dir, `${name}.mjs`);
  await writeFile(path, body);
  return path;
}

export function specOf(
  dir: string,
  id: string,
  entry: string,
  env: Record<string, string> = {},
): ProcessSpec {
  return {
    id,
    role: id === 'coordinator' ? 'coordinator' : 'worker',
    host: 'localhost',
    args: [entry],
    env,
    logFile: join(dir, 'logs', `${id}.ndjson`),
    device: { kind: 'cpu', threads: 1 },
  };
}

type Falsy = false | '' | 0 | null | undefined;

export async function until<T>(look: () => T | Promise<T>, limitMs = 10_000): Promise<Exclude<T, Falsy>> {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    const found = await look();
    if (found) return found as Exclude<T, Falsy>;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within ${limitMs} ms: ${look.toString()}`);
}

export async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** A zombie counts as ended: its parent just has not looked yet. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !/^State:\s*[ZX]/m.test(await read(`/proc/${pid}/status`));
}
