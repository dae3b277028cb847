import { identityHash, identityOf, type RunConfig } from '@ddpm-fleet/config';
import type { EngineDescription } from '@ddpm-fleet/engine';
import { imageBytes, openDataset, Prefetch, splitHeldOut, type Dataset } from '@ddpm-fleet/data';
import { bucketsOf, type Bucket } from '@ddpm-fleet/core';
import { Commits } from './machine/commits.js';
import type { ComputeThread } from './compute/computeThread.js';
import type { HeldOutImages, Initialised } from './compute/session.js';

/** All that a worker needs before it can say HELLO. */
export interface Prepared {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  /** Images trained on. */
  readonly datasetSize: number;
  readonly compute: ComputeThread;
  readonly initialised: Initialised;
  readonly identityHash: string;
  readonly prefetch: Prefetch;
  readonly buckets: readonly Bucket[];
  readonly commits: Commits;
  readonly heldOut: HeldOutImages;
}

/**
 * Opens the data set and, meanwhile, engine and model in the compute thread.
 * @throws DDPM_ERR_DATA_*, DDPM_ERR_ENGINE_*, DDPM_ERR_COMPUTE_DIED
 */
export async function prepare(
  config: RunConfig,
  compute: ComputeThread,
  onNotice: (text: string) => void,
): Promise<Prepared> {
  const dataset = await openDataset(config.data, { onNotice });
  const { train, heldOut } = splitHeldOut(dataset, config.data.heldOut);
  const image = { size: dataset.imageSize, channels: dataset.channels, datasetSize: train.size };
  const [initialised, heldOutImages] = await Promise.all([compute.init(config, image), readAll(heldOut)]);
  for (const notice of initialised.notices) onNotice(notice);
  const buckets = bucketsOf(initialised.layout.size, config.fleet.bucketBytes);
  const facts = {
    datasetHash: dataset.hash,
    engine: engineFact(initialised.description),
    imageSize: image.size,
  };
  return {
    config,
    dataset,
    datasetSize: train.size,
    compute,
    initialised,
    identityHash: identityHash(identityOf(config, facts)),
    prefetch: new Prefetch(train, { seed: config.seed }),
    buckets,
    commits: new Commits(buckets),
    heldOut: heldOutImages,
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
