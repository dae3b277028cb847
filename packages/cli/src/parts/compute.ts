import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Strictness } from '@ddpm-fleet/core';
import { askCuda, engineEnvironment, locateEngine } from '@ddpm-fleet/engine';
import { partCount, type NumericArray, type PartArrays, type Task } from '@ddpm-fleet/inference';
import { localResources } from '@ddpm-fleet/launcher';
import { note } from '../output.js';
import { Progress } from '../progress.js';
import type { Trained } from '../trained.js';
import { PartProcess } from './process.js';
import { storeModel } from './model.js';
import type { NamedModel, PartRequest, StoredArray, StoredModel } from './request.js';

/** Flags of every command that divides its work. */
export interface PartFlags extends Strictness {
  readonly workers?: number;
  readonly threads: number;
  readonly engine?: 'auto' | 'tensorflow' | 'wasm';
}

/** More than this have to be asked for: each holds the model. */
const MOST_WORKERS = 8;

export interface Computation {
  readonly what: string;
  readonly unit: string;
  /** Steps that will be told of. */
  readonly steps: number;
}

/**
 * Divides a task over processes of this host and gives its parts in order, each when it and all before it are there.
 * Who computes which part does not show in them.
 */
export async function* computeParts(
  model: Trained | readonly NamedModel[] | undefined,
  task: Task,
  flags: PartFlags,
  { what, unit, steps }: Computation,
): AsyncGenerator<PartArrays> {
  const dir = await mkdtemp(join(tmpdir(), 'ddpm-fleet-parts-'));
  const request = join(dir, 'request.json');
  const models = await storedModels(model, dir);
  await writeFile(request, JSON.stringify(requestOf(models, task, flags, dir)));
  const processes = await start(request, flags, task);
  const stop = (): void => {
    for (const one of processes) one.end();
    rmSync(dir, { recursive: true, force: true });
  };
  const interrupted = (): never => {
    stop();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  // Counted from the first step on: before it engines are opened and the model is traced.
  let progress: Progress | undefined;
  let [done, free] = [0, 0];
  const onSteps = (count: number): void => {
    done += count;
    if (progress) return progress.at(done - free, steps - free);
    progress = new Progress(what, unit);
    free = done;
  };
  try {
    for await (const stored of inOrder(processes, partCount(task), onSteps)) yield await load(stored);
  } finally {
    progress?.end();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    stop();
  }
}

async function storedModels(
  model: Trained | readonly NamedModel[] | undefined,
  dir: string,
): Promise<readonly StoredModel[]> {
  if (model === undefined) return [];
  return 'model' in model ? [await storeModel(model, dir)] : model;
}

function requestOf(models: readonly StoredModel[], task: Task, flags: PartFlags, dir: string): PartRequest {
  return {
    task,
    models,
    engine: flags.engine ?? 'auto',
    threads: flags.threads,
    dir,
  };
}

/** One process a GPU; on a CPU as many as there are cores for. */
async function start(request: string, { workers, threads }: PartFlags, task: Task): Promise<PartProcess[]> {
  // What a distance is computed with is float64, at home on a CPU.
  const onGpus = task.kind !== 'distance' && locateEngine()?.variant === 'cuda';
  const gpus = onGpus ? localResources(process.env, '/dev', askCuda).gpus : [];
  const usual = gpus.length || Math.min(MOST_WORKERS, Math.floor(availableParallelism() / threads));
  const count = Math.max(1, Math.min(workers ?? usual, partCount(task)));
  return Array.from({ length: count }, (_, i) => {
    const device = task.kind === 'distance' ? '' : gpus[i % gpus.length];
    const env = engineEnvironment({ threads, ...(device !== undefined && { device }) });
    return new PartProcess(request, env, i === 0 ? note : () => {});
  });
}

/** Hands the next part to whoever is idle. */
async function* inOrder(
  processes: readonly PartProcess[],
  parts: number,
  onSteps: (steps: number) => void,
): AsyncGenerator<Record<string, StoredArray>> {
  const finished = Array.from({ length: parts }, deferred<Record<string, StoredArray>>);
  let next = 0;
  const serve = async (own: PartProcess): Promise<void> => {
    while (next < parts) {
      const part = next++;
      finished[part]!.resolve(await own.compute(part, onSteps));
    }
  };
  const failed = Promise.all(processes.map(serve)).then(() => new Promise<never>(() => {}));
  for (const { promise } of finished) yield await Promise.race([promise, failed]);
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

const TYPES = { Float32Array, Float64Array, Int32Array, Uint8Array };

async function load(stored: Record<string, StoredArray>): Promise<PartArrays> {
  const arrays: Record<string, NumericArray> = {};
  for (const [name, { file, type }] of Object.entries(stored)) {
    const bytes = await readFile(file);
    arrays[name] = new TYPES[type](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    await rm(file);
  }
  return arrays;
}
