import { createHash } from 'node:crypto';
import { emaProfiles, loadConfig, type RunConfig } from '@ddpm-fleet/config';
import {
  openAverages,
  SnapshotAverages,
  type CheckpointInfo,
  type LoadedWeights,
  type MadeAverage,
  type WeightsName,
} from '@ddpm-fleet/checkpoint';
import { bytesOf, emaName, emaProfile, fleetError, type EmaProfile } from '@ddpm-fleet/core';
import type { TrainedModel } from '@ddpm-fleet/inference';
import { note } from './output.js';
import { checkpointPath, findTarget, type Target } from './target.js';
import { profileAsked, type WeightsFlags } from './weights.js';

export interface Trained {
  readonly model: TrainedModel;
  readonly loaded: LoadedWeights;
  /** `raw`, `ema-0.9999` or `ema-std-0.1`. */
  readonly weightsName: string;
  /** The path of the checkpoint that the weights are from, or of the snapshots that they were made of. */
  readonly checkpoint: string;
  /** Of an average that was put together afterwards. */
  readonly made?: Pick<MadeAverage, 'profileError' | 'snapshots'>;
}

/**
 * Weights with the config that they were trained with: of a checkpoint, or put together from snapshots of averages.
 * @throws DDPM_ERR_RUN_MISSING, DDPM_ERR_CHECKPOINT_*, DDPM_ERR_WEIGHTS_NAME, DDPM_ERR_AVERAGES_NONE,
 * DDPM_ERR_AVERAGE_RANGE
 */
export async function loadTrained(text: string, flags: WeightsFlags = {}): Promise<Trained> {
  const found = findTarget(text);
  const target = flags.step === undefined ? found : { ...found, which: flags.step };
  const profile = profileAsked(flags);
  if (profile === undefined) return fromCheckpoint(target, flags.weights);
  const holds = await holdsAverage(target, profile);
  return holds ? fromCheckpoint(target, emaName(profile)) : fromSnapshots(target, profile);
}

async function fromCheckpoint({ store, which }: Target, weights: string | undefined): Promise<Trained> {
  const config = await configOf({ store, which });
  const name = weights ?? firstAverage(config);
  const loaded = await store.loadWeights(which, weightsOf(name));
  for (const { name: bad, problem } of loaded.skipped) note(`warning: ${bad} cannot be used (${problem})`);
  const checkpoint = checkpointPath(store, loaded.name);
  return { model: modelOf(loaded, config), loaded, weightsName: name, checkpoint };
}

async function fromSnapshots({ store, which }: Target, profile: EmaProfile): Promise<Trained> {
  const averages = await SnapshotAverages.open(openAverages(store.location));
  const made = await averages.make(profile, which === 'newest' ? undefined : which);
  for (const { name, problem } of averages.damaged)
    note(`warning: the averages of ${name} cannot be used (${problem}); it is made of the others`);
  const { globalStep, profileError, snapshots } = made;
  const weightsName = emaName(profile);
  note(
    `${weightsName} after step ${globalStep}: made of ${snapshots} snapshots, ${percent(profileError)} off its profile`,
  );
  return madeOf(made, weightsName, openAverages(store.location).location);
}

/** A made average as if a checkpoint had held it. */
export function madeOf(made: MadeAverage, weightsName: string, checkpoint: string): Trained {
  const { values, layout, meta, globalStep, profileError, snapshots } = made;
  const digest = createHash('sha256').update(bytesOf(values)).digest('hex');
  const loaded = { name: weightsName, globalStep, digest, values, layout, meta, skipped: [] };
  const model = modelOf(loaded, loadConfig({ yaml: meta.configYaml, env: {} }));
  return { model, loaded, weightsName, checkpoint, made: { profileError, snapshots } };
}

/** `0.35 %` */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

async function infoOf({ store, which }: Target): Promise<CheckpointInfo | undefined> {
  const infos = await store.list();
  return infos.find((one) => one.manifest && (which === 'newest' || one.globalStep === which));
}

async function holdsAverage(target: Target, profile: EmaProfile): Promise<boolean> {
  const manifest = (await infoOf(target))?.manifest;
  if (!manifest) return false;
  return profile.decay === undefined
    ? manifest.powerEmas?.includes(profile.relativeStd) === true
    : manifest.emas.includes(profile.decay);
}

/** The exponential average that the config names first, or the narrowest power average. */
function firstAverage({ ema }: RunConfig): string {
  const first = ema.decays.length > 0 ? { decay: ema.decays[0]! } : emaProfiles(ema)[0];
  return first ? emaName(first) : 'raw';
}

async function configOf(target: Target): Promise<RunConfig> {
  const { store, which } = target;
  const info = await infoOf(target);
  // Says what is wrong with it, or which there are.
  if (!info?.manifest && which !== 'newest') await store.loadWeights(which, 'raw');
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
