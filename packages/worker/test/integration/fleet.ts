import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { openStore } from '@ddpm-fleet/checkpoint';
import {
  configYaml,
  identityHash,
  identityOf,
  runPaths,
  type RunConfig,
  type RunRecord,
} from '@ddpm-fleet/config';
import { makeLayout } from '@ddpm-fleet/core';
import { openDataset } from '@ddpm-fleet/data';
import { engineEnvironment, locateEngine, WASM_VERSION } from '@ddpm-fleet/engine';
import {
  launch,
  localDriver,
  planLaunch,
  type Launch,
  type LaunchEnd,
  type LaunchEvent,
  type LaunchPlan,
  type SupervisionPolicy,
} from '@ddpm-fleet/launcher';
import { unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import { tinyConfig } from '../tinyRun.js';

const COORDINATOR = fileURLToPath(
  new URL('./bin/coordinator.js', import.meta.resolve('@ddpm-fleet/coordinator')),
);
const WORKER = fileURLToPath(new URL('../../src/bin/worker.js', import.meta.url));

const POLICY: SupervisionPolicy = {
  maxRestarts: 5,
  minWorkers: 1,
  graceMs: 20_000,
  backoffMs: 100,
  maxBackoffMs: 1000,
  stableMs: 60_000,
};

/** A run directory as launch leaves it, gone when the test ends. */
export async function makeRun(t: ExecutionContext, set: readonly string[] = []): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-run-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  await writeRun(dir, set);
  return dir;
}

/** Writes the config, and the record of a run that is new. */
export async function writeRun(dir: string, set: readonly string[]): Promise<void> {
  const engine = locateEngine() ? 'tensorflow' : 'wasm';
  const config = tinyConfig([`engine.kind=${engine}`, ...set]);
  const paths = runPaths(dir);
  mkdirSync(dir, { recursive: true });
  writeFileSync(paths.config, configYaml(config));
  const known = readJson(paths.record);
  if (!known) writeFileSync(paths.record, JSON.stringify(await recordOf(config)));
}

async function recordOf(config: RunConfig): Promise<RunRecord> {
  const dataset = await openDataset(config.data);
  const image = { size: dataset.imageSize, channels: dataset.channels };
  const layout = makeLayout(unetParams(unetConfigOf(config, image)));
  const kind = config.engine.kind === 'tensorflow' ? 'tensorflow' : 'wasm';
  const version = kind === 'tensorflow' ? locateEngine()!.version : WASM_VERSION;
  const identity = identityOf(config, {
    datasetHash: dataset.hash,
    engine: `${kind} ${version}`,
    imageSize: image.size,
  });
  return {
    runId: randomUUID(),
    identity,
    identityHash: identityHash(identity),
    datasetHash: dataset.hash,
    datasetSize: dataset.size - config.data.heldOut,
    image,
    layoutHash: layout.hash,
    parameterCount: layout.size,
    engine: { kind, version },
    createdAt: new Date().toISOString(),
  };
}

export interface Fleet {
  readonly dir: string;
  readonly run: Launch;
  readonly events: LaunchEvent[];
  /** Of the newest process of that name. */
  pid(id: string): number;
}

export interface FleetOptions {
  readonly policy?: Partial<SupervisionPolicy>;
  /** Files with CURVE keys. */
  readonly keys?: { readonly coordinator: string; readonly worker: string };
}

/** Real processes over real sockets; none outlives the test, however that ends. */
export function startFleet(
  t: ExecutionContext,
  dir: string,
  workers: number,
  { policy, keys }: FleetOptions = {},
): Fleet {
  const events: LaunchEvent[] = [];
  const driver = localDriver({ graceMs: 5000 });
  t.teardown(() => driver.close());
  const run = launch(planOf(dir, workers, keys), driver, {
    policy: { ...POLICY, ...policy },
    onEvent: (event) => events.push(event),
  });
  const pid = (id: string) =>
    events.findLast((e) => e.type === 'started' && e.id === id) as { pid: number } | undefined;
  return { dir, run, events, pid: (id) => pid(id)!.pid };
}

export function planOf(dir: string, workers: number, keys?: FleetOptions['keys']): LaunchPlan {
  const keyFlags = (file?: string) => (file ? ['--key-file', file] : []);
  const entries = {
    coordinator: [COORDINATOR, '--run-dir', dir, ...keyFlags(keys?.coordinator)],
    worker: [WORKER, '--run-dir', dir, ...keyFlags(keys?.worker)],
  };
  const env = { coordinator: {}, worker: engineEnvironment({ threads: 1 }) };
  const hosts = [{ host: 'localhost', cores: 2, gpus: [] }];
  return planLaunch({ runDir: dir, workers, hosts, threads: 1, entries, env });
}

export async function train(t: ExecutionContext, dir: string, workers: number): Promise<LaunchEnd> {
  const fleet = startFleet(t, dir, workers);
  const end = await fleet.run.ended;
  t.is(end.kind, 'done', `${end.reason}\n${end.tail ?? ''}`);
  return end;
}

export async function digestOf(dir: string): Promise<string> {
  return (await openStore(runPaths(dir).checkpoints).load('newest')).digest;
}

export function live(
  dir: string,
): { globalStep: number; workers: { id: string; pid: number; state: string }[] } | undefined {
  return readJson(runPaths(dir).live);
}

export function journal(
  dir: string,
): { kind: string; globalStep: number; slots?: [number, number, string][] }[] {
  const path = runPaths(dir).journal;
  // A coordinator that has just been started may not have made it yet.
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

export function logOf(dir: string, id: string): string {
  return readFileSync(join(runPaths(dir).logs, `${id}.ndjson`), 'utf8');
}

export async function until<T>(look: () => T | undefined | false, limitMs = 60_000): Promise<T> {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within ${limitMs} ms: ${look.toString()}`);
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
