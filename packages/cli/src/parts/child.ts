import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isFleetError } from '@ddpm-fleet/core';
import { openEngine } from '@ddpm-fleet/engine';
import { openTask, type PartArrays } from '@ddpm-fleet/inference';
import { readModel } from './model.js';
import type { PartMessage, PartRequest, StoredArray } from './request.js';

const EVERY_MS = 100;

/** Computes the parts whose numbers come in on stdin, a line each, until it ends. */
export async function runPartChild(file: string): Promise<void> {
  try {
    await serve(JSON.parse(await readFile(file, 'utf8')) as PartRequest);
  } catch (error) {
    // Told of like a result: whoever waits for one must hear of it, whatever went wrong.
    say({
      error: isFleetError(error)
        ? { code: error.code, message: error.message }
        : { code: '', message: (error as Error).stack ?? String(error) },
    });
  }
  process.stdin.destroy();
}

async function serve(request: PartRequest): Promise<void> {
  const { engine: kind, threads, models, task, dir } = request;
  const onNotice = (notice: string): void => say({ notice });
  const engine = await openEngine({ kind, compiled: true, precision: 'float32', threads, onNotice });
  const compute = await openTask(engine, (index) => readModel(models[index]!), task);
  const steps = new StepCounter();
  for await (const line of createInterface({ input: process.stdin })) {
    const part = Number(line);
    const arrays = await compute(part, () => steps.count());
    steps.flush();
    say({ part, arrays: await store(arrays, join(dir, `part-${part}`)) });
  }
  await engine.dispose();
}

/** Tells of steps now and then: a line for each would cost more than a small model's step. */
class StepCounter {
  #steps = 0;
  #said = performance.now();

  count(): void {
    this.#steps++;
    if (performance.now() - this.#said > EVERY_MS) this.flush();
  }

  flush(): void {
    if (this.#steps > 0) say({ steps: this.#steps });
    this.#steps = 0;
    this.#said = performance.now();
  }
}

async function store(arrays: PartArrays, prefix: string): Promise<Record<string, StoredArray>> {
  const stored: Record<string, StoredArray> = {};
  for (const [name, values] of Object.entries(arrays)) {
    const file = `${prefix}.${name}`;
    await writeFile(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    stored[name] = { file, type: values.constructor.name as StoredArray['type'] };
  }
  return stored;
}

function say(message: PartMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
