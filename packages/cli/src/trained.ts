import { emaProfiles, loadConfig, type RunConfig } from '@ddpm-fleet/config';
import type { LoadedWeights, WeightsName } from '@ddpm-fleet/checkpoint';
import { emaName, emaProfile, fleetError } from '@ddpm-fleet/core';
import type { TrainedModel } from '@ddpm-fleet/inference';
import { note } from './output.js';
import { checkpointPath, findTarget } from './target.js';

export interface Trained {
  readonly model: TrainedModel;
  readonly loaded: LoadedWeights;
  /** `raw` or `ema-0.9999`. */
  readonly weightsName: string;
  /** The path of the checkpoint that the weights are from. */
  readonly checkpoint: string;
}

/**
 * Weights with the config that they were trained with, both from the checkpoint.
 * @param weights `raw`, `ema-0.9999`, or absent for the first EMA of the config
 * @throws DDPM_ERR_RUN_MISSING, DDPM_ERR_CHECKPOINT_*, DDPM_ERR_WEIGHTS_NAME
 */
export async function loadTrained(target: string, weights: string | undefined): Promise<Trained> {
  const { store, which } = findTarget(target);
  const config = await configOf(store, which);
  const name = weights ?? firstAverage(config);
  const loaded = await store.loadWeights(which, weightsOf(name));
  for (const { name: bad, problem } of loaded.skipped) note(`warning: ${bad} cannot be used (${problem})`);
  const checkpoint = checkpointPath(store, loaded.name);
  return { model: modelOf(loaded, config), loaded, weightsName: name, checkpoint };
}

/** The exponential average that the config names first, or the narrowest power average. */
function firstAverage({ ema }: RunConfig): string {
  const first = ema.decays.length > 0 ? { decay: ema.decays[0]! } : emaProfiles(ema)[0];
  return first ? emaName(first) : 'raw';
}

async function configOf(
  store: ReturnType<typeof findTarget>['store'],
  which: number | 'newest',
): Promise<RunConfig> {
  const infos = await store.list();
  const info = infos.find((one) => one.manifest && (which === 'newest' || one.globalStep === which));
  if (!info?.manifest) throw fleetError('DDPM_ERR_CHECKPOINT_NONE', { location: store.location });
  return loadConfig({ yaml: info.manifest.meta.configYaml, env: {} });
}

function weightsOf(name: string): WeightsName {
  if (name === 'raw') return 'raw';
  const profile = emaProfile(name);
  if (!profile) throw fleetError('DDPM_ERR_WEIGHTS_NAME', { name });
  return profile;
}

function modelOf(loaded: LoadedWeights, config: RunConfig): TrainedModel {
  return {
    config,
    image: { size: imageSizeOf(loaded, config), channels: config.data.channels },
    layout: loaded.layout,
    weights: loaded.values,
  };
}

/** `data.size` 0 means the files' own size, which the identity's facts record. */
function imageSizeOf(loaded: LoadedWeights, config: RunConfig): number {
  return config.data.size || Number(loaded.meta.identity['facts.imageSize']);
}
