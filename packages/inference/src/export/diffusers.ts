import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type Tensor } from '@ddpm-fleet/checkpoint';
import { fleetError, viewOf } from '@ddpm-fleet/core';
import type { TrainedModel } from '../denoiser.js';
import { MODEL_INDEX, schedulerJson, unetJson } from './diffusersConfig.js';
import { diffusersLimits } from './diffusersLimits.js';
import { diffusersParam } from './diffusersNames.js';
import { toTorch } from './layout.js';

/**
 * A folder that `DDPMPipeline.from_pretrained` loads; of a model with classes, which no such pipeline takes, its unet
 * and scheduler alone, for `UNet2DModel.from_pretrained` and `DDPMScheduler.from_pretrained`.
 * @returns the paths written
 * @throws DDPM_ERR_EXPORT_DIFFUSERS for what diffusers cannot express; then nothing is written
 */
export async function exportDiffusers(model: TrainedModel, out: string): Promise<string[]> {
  const [reason] = diffusersLimits(model);
  if (reason !== undefined) throw fleetError('DDPM_ERR_EXPORT_DIFFUSERS', { reason });
  const files: Record<string, unknown> = {
    ...(model.config.model.numClasses === 0 && { 'model_index.json': MODEL_INDEX }),
    'unet/config.json': unetJson(model),
    'scheduler/scheduler_config.json': schedulerJson(model.config),
  };
  await mkdir(join(out, 'unet'), { recursive: true });
  await mkdir(join(out, 'scheduler'), { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(out, name), `${JSON.stringify(value, null, 2)}\n`);
  }
  const weights = join(out, 'unet', 'diffusion_pytorch_model.safetensors');
  await writeSafetensors(weights, torchTensors(model), { format: 'pt' });
  return [...Object.keys(files).map((name) => join(out, name)), weights];
}

/** Every parameter under its diffusers name, sorted by it. */
export function torchTensors({ config, layout, weights }: TrainedModel): Tensor[] {
  const levels = config.model.chMult.length;
  return layout.entries
    .map((entry) => {
      const { name, layout: kind } = diffusersParam(entry.name, levels);
      return { name, ...toTorch({ shape: entry.shape, values: viewOf(weights, entry) }, kind) };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
