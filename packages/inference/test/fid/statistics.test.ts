import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  addMoments,
  encodeNpz,
  frechetDistance,
  momentsOf,
  readStatistics,
  statisticsOf,
  writeStatistics,
  type Moments,
} from '../../src/index.js';

const D = 5;

/** Correlated, off centre, of unlike size: as features are. */
const features = (n: number, phase: number): Float32Array =>
  Float32Array.from({ length: n * D }, (_, i) => {
    const [image, j] = [Math.floor(i / D), i % D];
    const own = Math.sin(image * (j + 2) * 12.9898 + j);
    return 3 + j * Math.sin(image * 1.7 + phase) + own + 0.1 * phase;
  });

function scratch(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-fid-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return dir;
}

function inParts(values: Float32Array, size: number): Moments {
  let total: Moments | undefined;
  for (let at = 0; at < values.length; at += size * D) {
    total = addMoments(total, momentsOf(values.subarray(at, at + size * D), D));
  }
  return total!;
}

test('mean and covariance are those of the two-pass formula', (t) => {
  const [n, values] = [50, features(50, 0)];
  const { mu, sigma } = statisticsOf(inParts(values, 16), 'values');
  const mean = (f: (i: number) => number): number =>
    Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b) / n;
  for (let a = 0; a < D; a++) {
    t.true(Math.abs(mu[a]! - mean((i) => values[i * D + a]!)) < 1e-12);
    for (let b = 0; b < D; b++) {
      const want = (mean((i) => (values[i * D + a]! - mu[a]!) * (values[i * D + b]! - mu[b]!)) * n) / (n - 1);
      t.true(Math.abs(sigma[a * D + b]! - want) < 1e-11, `${a} ${b}`);
      t.is(sigma[a * D + b], sigma[b * D + a]);
    }
  }
  t.throws(() => statisticsOf(momentsOf(values.subarray(0, D), D), 'one'), { code: 'DDPM_ERR_FID' });
});

test('statistics come back from their file; what is no such file is named', async (t) => {
  const dir = scratch(t);
  const written = statisticsOf(momentsOf(features(20, 1), D), join(dir, 'a.npz'));
  const path = join(dir, 'a.npz');
  await writeStatistics(path, written);
  t.deepEqual(await readStatistics(path), written);
  writeFileSync(join(dir, 'cut.npz'), 'PK');
  writeFileSync(join(dir, 'other.npz'), encodeNpz({ x: { values: Float32Array.of(1), shape: [1] } }));
  const oblong = {
    mu: { values: Float64Array.of(1, 2), shape: [2] },
    sigma: { values: Float64Array.of(1, 2), shape: [2, 1] },
  };
  writeFileSync(join(dir, 'oblong.npz'), encodeNpz(oblong));
  for (const name of ['cut', 'other', 'oblong', 'none']) {
    const error = await t.throwsAsync(() => readStatistics(join(dir, `${name}.npz`)), {
      code: 'DDPM_ERR_NPY',
    });
    t.true(error!.message.includes(`${name}.npz`), error!.message);
  }
});

const python = process.env['DDPM_TEST_FID_PYTHON'] ?? '';
const hasPytorchFid = python !== '' && spawnSync(python, ['-c', 'import pytorch_fid']).status === 0;

(hasPytorchFid ? test : test.skip)(
  `pytorch-fid reads the statistics and finds the same distance${hasPytorchFid ? '' : ' (name a Python that has pytorch-fid in DDPM_TEST_FID_PYTHON)'}`,
  async (t) => {
    const dir = scratch(t);
    const all = [0, 1].map((phase) => features(200, phase));
    const statistics = all.map((values) => statisticsOf(inParts(values, 32), 'values'));
    const paths = statistics.map((_, i) => join(dir, `${i}.npz`));
    await Promise.all(paths.map((path, i) => writeStatistics(path, statistics[i]!)));
    all.forEach((values, i) => writeFileSync(join(dir, `${i}.f32`), values));
    const script = `
import json, numpy as np
from pytorch_fid.fid_score import calculate_frechet_distance, compute_statistics_of_path
ours = [compute_statistics_of_path(p, None, 1, ${D}, 'cpu') for p in ${JSON.stringify(paths)}]
f = [np.fromfile(f'${dir}/{i}.f32', np.float32).reshape(-1, ${D}).astype(np.float64) for i in (0, 1)]
theirs = [(x.mean(0), np.cov(x, rowvar=False)) for x in f]
print(json.dumps([calculate_frechet_distance(*a, *b) for a, b in (ours, theirs)]))`;
    const [read, own] = JSON.parse(execFileSync(python, ['-c', script], { encoding: 'utf8' })) as [
      number,
      number,
    ];
    const { distance } = frechetDistance(statistics[0]!, statistics[1]!);
    t.log(`ours ${distance}, pytorch-fid on our files ${read}, on the features ${own}`);
    t.true(Math.abs(distance - read) < 1e-8 * own && Math.abs(distance - own) < 1e-8 * own);
  },
);
