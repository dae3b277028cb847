import { randomUUID } from 'node:crypto';
import { identityHash, identityOf, loadConfig, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { fleetError, makeLayout } from '@ddpm-fleet/core';
import { openDataset, type Dataset } from '@ddpm-fleet/data';
import { validateDiffusion } from '@ddpm-fleet/diffusion';
import { unetParams, validateUNetConfig, type ParamSpec } from '@ddpm-fleet/model';
import { diffusionConfigOf, unetConfigOf } from '@ddpm-fleet/trainer';
import { chooseEngine, type ChosenEngine } from './chooseEngine.js';

/** Everything that is known before a process is started. */
export interface PreparedRun {
  readonly config: RunConfig;
  readonly record: RunRecord;
  readonly specs: readonly ParamSpec[];
  readonly dataset: Pick<Dataset, 'name' | 'size' | 'licence'>;
  readonly engine: ChosenEngine;
}

export interface PrepareOptions {
  readonly file: string;
  readonly set: readonly string[];
  readonly onNotice: (text: string) => void;
}

/**
 * Resolves the config, checks that model, diffusion and data fit together, and settles the engine: all that can be
 * wrong with a run is found here, before anything starts.
 */
export async function prepareRun({ file, set, onNotice }: PrepareOptions): Promise<PreparedRun> {
  const asked = loadConfig({ file, set });
  checkModel(asked, { size: asked.data.size, channels: asked.data.channels });
  const engine = chooseEngine(asked.engine.kind);
  const config: RunConfig = { ...asked, engine: { ...asked.engine, kind: engine.kind } };
  const dataset = await openDataset(config.data, { onNotice, onProgress: decoding(onNotice) });
  try {
    return describe(config, dataset, engine);
  } finally {
    await dataset.close();
  }
}

function describe(config: RunConfig, dataset: Dataset, engine: ChosenEngine): PreparedRun {
  const image = { size: dataset.imageSize, channels: dataset.channels };
  const specs = checkModel(config, image);
  const datasetSize = dataset.size - config.data.heldOut;
  if (datasetSize < 1) {
    throw fleetError('DDPM_ERR_DATA_HELD_OUT', { heldOut: config.data.heldOut, size: dataset.size });
  }
  const layout = makeLayout(specs);
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
    datasetSize,
    image,
    layoutHash: layout.hash,
    parameterCount: layout.size,
    engine: { kind: engine.kind, version: engine.version },
    createdAt: new Date().toISOString(),
  };
  return { config, record, specs, dataset, engine };
}

function checkModel(config: RunConfig, image: { size: number; channels: number }): ParamSpec[] {
  const diffusion = diffusionConfigOf(config);
  validateDiffusion(diffusion);
  // A size of 0 is known only when the data is open.
  if (image.size === 0) return [];
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
