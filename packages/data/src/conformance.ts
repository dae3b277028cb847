import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataConfig } from '@ddpm-fleet/config';
import { imageBytes, type Dataset } from './dataset.js';
import { splitHeldOut } from './heldOut.js';
import { openDataset } from './open.js';
import type { OpenOptions } from './options.js';

/** What a data set must hold, known to whoever made its files. */
export interface ExpectedDataset {
  /** Decoded and fitted images in index order. */
  readonly images: readonly Uint8Array[];
  readonly imageSize: number;
  readonly channels: number;
  /** Absent: the data set has no labels. */
  readonly labels?: readonly number[];
  readonly classNames?: readonly string[];
}

export interface ConformanceCheck {
  readonly name: string;
  /** @throws AssertionError */
  run(): Promise<void>;
}

/** The three ways in which a data set is kept, by the limits that bring them about. */
const STORAGES: Record<string, OpenOptions> = {
  'in memory': {},
  'in a file of the cache': { memoryBytes: 0 },
  'decoded at each read': { cacheBytes: 0 },
};

/**
 * What every reader must do, however its images are kept. Run each check as a test of its own.
 * @param make gives the settings of a data set whose files exist, and what is in it: at least 4 images
 */
export function datasetConformance(
  make: () => Promise<{ config: DataConfig; expected: ExpectedDataset }>,
): ConformanceCheck[] {
  return Object.entries(STORAGES).flatMap(([storage, limits]) =>
    Object.entries(CHECKS).map(([name, check]) => ({
      name: `${storage}: ${name}`,
      run: async () => {
        const home = await mkdtemp(join(tmpdir(), 'ddpm-data-'));
        const { config, expected } = await make();
        const options = { ...limits, home };
        const dataset = await openDataset(config, options);
        try {
          await check(dataset, expected, () => openDataset(config, options));
        } finally {
          await dataset.close();
          await rm(home, { recursive: true, force: true });
        }
      },
    })),
  );
}

type Check = (dataset: Dataset, expected: ExpectedDataset, reopen: () => Promise<Dataset>) => Promise<void>;

const CHECKS: Record<string, Check> = {
  'facts are those of the files': async (dataset, expected) => {
    assert.equal(dataset.size, expected.images.length);
    assert.equal(dataset.imageSize, expected.imageSize);
    assert.equal(dataset.channels, expected.channels);
    assert.equal(dataset.numClasses, expected.classNames?.length ?? 0);
    assert.deepEqual(dataset.classNames, expected.classNames ?? []);
    assert.deepEqual(dataset.skipped, []);
  },
  'the hash is sha256 over the decoded images in index order': async (dataset, { images }) => {
    assert.equal(dataset.hash, createHash('sha256').update(Buffer.concat(images)).digest('hex'));
  },
  'images and labels, forwards, backwards and repeated': async (dataset, expected) => {
    const all = expected.images.map((_, index) => index);
    for (const indices of [all, all.toReversed(), [2, 0, 2, 2, 1], [expected.images.length - 1], []]) {
      await assertRead(dataset, expected, indices);
      const labels = expected.labels && Int32Array.from(indices, (index) => expected.labels![index]!);
      assert.deepEqual(dataset.labels(indices), labels);
    }
  },
  'reads that overlap do not mix': async (dataset, expected) => {
    const n = expected.images.length;
    const batches = Array.from({ length: 20 }, (_, i) => [i % n, (3 * i + 1) % n, (7 * i + 2) % n]);
    await Promise.all(batches.map((indices) => assertRead(dataset, expected, indices)));
  },
  'an index outside is refused': async (dataset) => {
    for (const index of [-1, dataset.size, 0.5, NaN]) {
      await assert.rejects(dataset.read([index], new Uint8Array(imageBytes(dataset))), RangeError);
    }
  },
  'opened again it is the same': async (dataset, expected, reopen) => {
    const again = await reopen();
    try {
      assert.equal(again.hash, dataset.hash);
      assert.deepEqual(again.labels([0, 1]), dataset.labels([0, 1]));
      await assertRead(again, expected, [0, expected.images.length - 1]);
    } finally {
      await again.close();
    }
  },
  'the held-out images are the last ones': async (dataset, expected) => {
    const { train, heldOut } = splitHeldOut(dataset, 2);
    assert.equal(train.size, dataset.size - 2);
    await assertRead(train, expected, [0, train.size - 1]);
    await assertRead(heldOut, { ...expected, images: expected.images.slice(-2) }, [0, 1]);
    await assert.rejects(train.read([train.size], new Uint8Array(imageBytes(train))), RangeError);
  },
};

async function assertRead(
  dataset: Dataset,
  { images }: ExpectedDataset,
  indices: readonly number[],
): Promise<void> {
  const bytes = imageBytes(dataset);
  const out = new Uint8Array(indices.length * bytes).fill(0xa5);
  await dataset.read(indices, out);
  for (const [i, index] of indices.entries()) {
    assert.ok(
      Buffer.from(out.subarray(i * bytes, (i + 1) * bytes)).equals(images[index]!),
      `image ${index} differs`,
    );
  }
}
