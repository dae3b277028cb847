import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type LoadedWeights } from '@ddpm-fleet/checkpoint';
import { viewOf } from '@ddpm-fleet/core';
import type { TrainedModel } from '../denoiser.js';

/**
 * Weights as one safetensors file under the parameters' own names, and the config beside it.
 * @returns the paths written
 */
export async function exportSafetensors(
  model: TrainedModel,
  loaded: LoadedWeights,
  weightsName: string,
  out: string,
): Promise<string[]> {
  await mkdir(out, { recursive: true });
  const weights = join(out, `${weightsName}.safetensors`);
  const config = join(out, 'config.yaml');
  const tensors = model.layout.entries.map((entry) => ({
    name: entry.name,
    shape: entry.shape,
    values: viewOf(model.weights, entry),
  }));
  await writeSafetensors(weights, tensors, {
    format: 'pt',
    weights: weightsName,
    globalStep: String(loaded.globalStep),
    runId: loaded.meta.runId,
    datasetHash: loaded.meta.datasetHash,
  });
  await writeFile(config, loaded.meta.configYaml);
  return [weights, config];
}
