import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  AUTO_CLASSES,
  identityHash,
  identityOf,
  loadConfig,
  type RunConfig,
  type RunRecord,
} from '@ddpm-fleet/config';
import { fleetError, isFleetError, type Note } from '@ddpm-fleet/core';
import { assertClasses, countedClasses, dataNotes, openDataset, type Dataset } from '@ddpm-fleet/data';
import { validateDiffusion } from '@ddpm-fleet/diffusion';
import { unetParams, validateUNetConfig, type ParamSpec } from '@ddpm-fleet/model';
import { diffusionConfigOf, planTraining, unetConfigOf } from '@ddpm-fleet/trainer';
import { chooseEngine, type ChosenEngine } from './chooseEngine.js';
import { settingNotes } from './settingNotes.js';

/** What is known of a run whatever its data holds. */
export interface ForeseenRun {
  readonly config: RunConfig;
  readonly image: { readonly size: number; readonly channels: number };
  readonly specs: readonly ParamSpec[];
  readonly engine: ChosenEngine;
  /** What there is to say of data and settings. */
  readonly notes: readonly Note[];
  /** These two are absent when there is nothing at `config.data.path`. */
  readonly record?: RunRecord;
  readonly dataset?: Pick<Dataset, 'name' | 'size' | 'licence'>;
}

/** Everything that is known before a process is started. */
export type PreparedRun = Required<ForeseenRun>;

export interface PrepareOptions {
  /** Absent: the defaults and `set` alone. */
  readonly file?: string;
  readonly set: readonly string[];
  readonly onNotice: (text: string) => void;
}

/**
 * Resolves the config, checks that model, diffusion and data fit together, and settles the engine: all that can be
 * wrong with a run is found here, before anything starts.
 */
export async function prepareRun(options: PrepareOptions): Promise<PreparedRun> {
  return prepare(resolveRun(options), options.onNotice);
}

/** `prepareRun`, or, where the images are yet to be fetched and `data.size` is set, what does not depend on them. */
export async function foreseeRun(options: PrepareOptions): Promise<ForeseenRun> {
  const foreseen = resolveRun(options);
  try {
    return await prepare(foreseen, options.onNotice);
  } catch (error) {
    const { path } = foreseen.config.data;
    const isAbsent = isFleetError(error, 'DDPM_ERR_DATA_MISSING') && !existsSync(path);
    const isKnown = foreseen.image.size > 0 && foreseen.config.model.numClasses !== AUTO_CLASSES;
    if (isAbsent && isKnown) return foreseen;
    throw error;
  }
}

function resolveRun({ file, set }: PrepareOptions): ForeseenRun {
  const asked = loadConfig({ ...(file !== undefined && { file }), set });
  const image = { size: asked.data.size, channels: asked.data.channels };
  const specs = checkModel(asked, image);
  const engine = chooseEngine(asked.engine.kind);
  const data = { ...asked.data, path: absolute(asked.data.path) };
  return {
    config: { ...asked, data, engine: { ...asked.engine, kind: engine.kind } },
    image,
    specs,
    engine,
    notes: settingNotes(asked),
  };
}

/** Workers on other hosts, and a resume, begin in another directory. */
function absolute(path: string): string {
  return path === '' || /^[a-z0-9+.-]+:\/\//i.test(path) ? path : resolve(path);
}

async function prepare(
  { config, engine }: ForeseenRun,
  onNotice: (text: string) => void,
): Promise<PreparedRun> {
  const dataset = await openDataset(config.data, { onNotice, onProgress: decoding(onNotice) });
  try {
    return describe(withClasses(config, dataset), dataset, engine);
  } finally {
    await dataset.close();
  }
}

/** With the number of classes that `auto` means; a number that was given is held against the data. */
function withClasses(config: RunConfig, dataset: Dataset): RunConfig {
  const { model } = config;
  if (model.numClasses === AUTO_CLASSES) {
    const counted = { ...config, model: { ...model, numClasses: countedClasses(dataset) } };
    checkModel(counted, { size: dataset.imageSize, channels: dataset.channels });
    return counted;
  }
  assertClasses(dataset, model.numClasses);
  return config;
}

function describe(config: RunConfig, dataset: Dataset, engine: ChosenEngine): PreparedRun {
  const image = { size: dataset.imageSize, channels: dataset.channels };
  const datasetSize = dataset.size - config.data.heldOut;
  if (datasetSize < 1) {
    throw fleetError('DDPM_ERR_DATA_HELD_OUT', { heldOut: config.data.heldOut, size: dataset.size });
  }
  const notes = [...dataNotes(dataset, config), ...settingNotes(config, datasetSize)];
  const { params: specs, layout } = planTraining(config, { ...image, datasetSize });
  const facts = {
    datasetHash: dataset.hash,
    engine: `${engine.kind} ${engine.version}`,
    imageSize: image.size,
  };
  const identity = identityOf(config, facts);
  const record: RunRecord = {
    runId: randomUUID(),
    identity,
    identityHash: identityHash(identity),
    datasetHash: dataset.hash,
    dataset: { name: dataset.name, ...(dataset.licence && { licence: dataset.licence }) },
    notes,
    datasetSize,
    image,
    layoutHash: layout.hash,
    parameterCount: layout.size,
    engine: { kind: engine.kind, version: engine.version },
    createdAt: new Date().toISOString(),
  };
  return { config, image, specs, engine, notes, record, dataset };
}

function checkModel(config: RunConfig, image: { size: number; channels: number }): ParamSpec[] {
  const diffusion = diffusionConfigOf(config);
  validateDiffusion(diffusion);
  // Both are known only when the data is open.
  if (image.size === 0 || config.model.numClasses === AUTO_CLASSES) return [];
  const unet = unetConfigOf(config, image);
  validateUNetConfig(unet);
  return unetParams(unet);
}

/** A line every two seconds while a data set is decoded for the first time. */
function decoding(onNotice: (text: string) => void): (done: number, total: number) => void {
  const started = performance.now();
  let said = started;
  return (done, total) => {
    const now = performance.now();
    if (now - said < 2000 || done === 0) return;
    said = now;
    const rate = done / ((now - started) / 1000);
    onNotice(
      `decoding images: ${done} of ${total}, ${rate.toFixed(0)}/s, ${Math.ceil((total - done) / rate)} s to go`,
    );
  };
}
