import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunConfig } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { splitHeldOut } from '@ddpm-fleet/data';
import type { HeldOutTask } from '@ddpm-fleet/inference';
import { boundOf, type BpdFlags } from '../evaluate/bpd.js';
import { fidOf, type FidFlags } from '../evaluate/fid.js';
import { dataConfigOf, readImages, withDataset } from '../evaluate/images.js';
import { computeParts } from '../parts/compute.js';
import type { NamedModel } from '../parts/request.js';
import { loadTrained } from '../trained.js';

export type Metric = 'heldOut' | 'bpd' | 'fid';
export type JudgeFlags = BpdFlags & FidFlags & { readonly metric: Metric };

/**
 * The figure of each model, in their order, each when it is there; lower is better. Held-out losses are those of the
 * run: the same images, t and noise. A process judges a model whole, or all share the images of one: either way the
 * figures do not depend on how many there are.
 */
export async function* judge(
  models: readonly NamedModel[],
  config: RunConfig,
  flags: JudgeFlags,
): AsyncGenerator<number> {
  if (flags.metric === 'heldOut') return yield* judgeHeldOut(models, config, flags);
  for (const { target, weights } of models) {
    const trained = await loadTrained(target, weights);
    yield flags.metric === 'bpd'
      ? mean((await boundOf(trained, flags)).terms.total)
      : (await fidOf(trained, flags)).found.distance;
  }
}

async function* judgeHeldOut(
  models: readonly NamedModel[],
  config: RunConfig,
  flags: JudgeFlags,
): AsyncGenerator<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'ddpm-fleet-sweep-'));
  try {
    const task = await heldOutTask(models.length, config, flags, join(scratch, 'images'));
    const shown = { what: 'judging', unit: 'averages', steps: models.length };
    for await (const { losses } of computeParts(models, task, flags, shown))
      yield mean(losses as Float32Array);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function heldOutTask(
  count: number,
  config: RunConfig,
  flags: JudgeFlags,
  images: string,
): Promise<HeldOutTask> {
  const { heldOut } = config.data;
  if (heldOut === 0) {
    const problem = 'the run held no images out (data.heldOut is 0)';
    throw fleetError('DDPM_ERR_EMA_SWEEP', { problem, remedy: 'Judge by --metric bpd or fid.' });
  }
  const data = dataConfigOf({ model: { config } }, flags);
  return withDataset(data, config.model.numClasses, async (dataset) => {
    const part = splitHeldOut(dataset, heldOut).heldOut;
    const indices = Array.from({ length: heldOut }, (_, i) => i);
    await writeFile(images, await readImages(part, indices));
    const labels = part.labels(indices);
    const divided = { count, seed: 0, batch: 1, partSize: 1 };
    return { kind: 'heldOut', ...divided, images, ...(labels && { labels: [...labels] }) };
  });
}

function mean(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
