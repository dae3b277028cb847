import { checkpointLocation, identityHash, identityOf } from '@ddpm-fleet/config';
import {
  assertClasses,
  imageBytes,
  openDataset,
  Prefetch,
  splitHeldOut,
  type Dataset,
} from '@ddpm-fleet/data';
import type { EngineDescription } from '@ddpm-fleet/engine';
import type { ComputeThread } from '../compute/computeThread.js';
import type { HeldOutImages, Initialised } from '../compute/session.js';
import type { Facts, Run } from '../machine/events.js';
import { StoredCheckpoints } from './checkpoints.js';
import { deviceKind } from './deviceKind.js';
import type { Log, Prepared } from './ports.js';

/** Opens what a run needs on this machine, and closes it again. */
export class Preparation {
  readonly #compute: ComputeThread;
  readonly #log: Log;
  #dataset: Dataset | undefined;
  #checkpoints: StoredCheckpoints | undefined;

  constructor(compute: ComputeThread, log: Log) {
    this.#compute = compute;
    this.#log = log;
  }

  /**
   * Opens the data set and, meanwhile, engine and model in the compute thread.
   * @throws DDPM_ERR_DATA_*, DDPM_ERR_ENGINE_*, DDPM_ERR_COMPUTE_DIED
   */
  async prepare(run: Run): Promise<Prepared> {
    const { config, runDir } = run;
    const compute = this.#compute;
    const note = (text: string) => this.#log.warn({}, text);
    const dataset = await openDataset(config.data, { onNotice: note });
    this.#dataset = dataset;
    assertClasses(dataset, config.model.numClasses);
    const { train, heldOut } = splitHeldOut(dataset, config.data.heldOut);
    const image = { size: dataset.imageSize, channels: dataset.channels, datasetSize: train.size };
    const [initialised, heldOutImages] = await Promise.all([compute.init(config, image), readAll(heldOut)]);
    await compute.keepHeldOut(heldOutImages);
    for (const notice of initialised.notices) note(notice);
    const { layout, description: engine } = initialised;
    this.#log.info({ engine, dataset: dataset.name, parameters: layout.size }, 'prepared');
    const checkpoints = new StoredCheckpoints(checkpointLocation(config, runDir), layout, note);
    this.#checkpoints = checkpoints;
    const batches = new Prefetch(train, { seed: config.seed });
    return { facts: factsOf(run, dataset, train, initialised), device: compute, batches, checkpoints };
  }

  async close(): Promise<void> {
    await this.#checkpoints?.close();
    await this.#dataset?.close();
  }
}

function factsOf(
  { config }: Run,
  dataset: Dataset,
  train: Dataset,
  { description, layout }: Initialised,
): Facts {
  const { kind, version, device, threads } = description;
  const identity = identityOf(config, {
    datasetHash: dataset.hash,
    engine: engineFact(description),
    imageSize: dataset.imageSize,
  });
  return {
    layout,
    identityHash: identityHash(identity),
    datasetHash: dataset.hash,
    datasetSize: train.size,
    engine: { kind, version, device, threads },
    deviceKind: deviceKind(description),
  };
}

/** Kind and version as launch knows them without opening the engine; the build is told by `deviceKind`. */
function engineFact({ kind, version }: EngineDescription): string {
  return `${kind} ${version.split('+')[0]}`;
}

async function readAll(dataset: Dataset): Promise<HeldOutImages> {
  const indices = Uint32Array.from({ length: dataset.size }, (_, i) => i);
  const images = new Uint8Array(dataset.size * imageBytes(dataset));
  await dataset.read(indices, images);
  const labels = dataset.labels(indices);
  return { images, ...(labels && { labels }) };
}
