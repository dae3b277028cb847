import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configYaml, loadConfig } from '@ddpm-fleet/config';
import { bytesOf, makeLayout } from '@ddpm-fleet/core';
import type { TrainedModel } from '@ddpm-fleet/inference';
import { loadTrained, type Trained } from '../trained.js';
import type { StoredModel } from './request.js';

/** How other processes get at a model: by its checkpoint, or by a copy in `dir` where it is in none. */
export async function storeModel(
  { model, checkpoint, weightsName, made }: Trained,
  dir: string,
): Promise<StoredModel> {
  if (!made) return { target: checkpoint, weights: { weights: weightsName } };
  const values = join(dir, 'weights');
  await writeFile(values, bytesOf(model.weights));
  const params = model.layout.entries.map(({ name, shape }) => ({ name, shape }));
  return { values, params, image: model.image, configYaml: configYaml(model.config) };
}

export async function readModel(stored: StoredModel): Promise<TrainedModel> {
  if ('target' in stored) return (await loadTrained(stored.target, stored.weights)).model;
  const layout = makeLayout(stored.params);
  const weights = new Float32Array(layout.size);
  bytesOf(weights).set(await readFile(stored.values));
  return { config: loadConfig({ yaml: stored.configYaml, env: {} }), image: stored.image, layout, weights };
}
