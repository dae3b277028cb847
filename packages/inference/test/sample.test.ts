import { loadConfig } from '@ddpm-fleet/config';
import { makeLayout } from '@ddpm-fleet/core';
import { samplerPlan } from '@ddpm-fleet/diffusion';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { initParams, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { Denoiser, sample, type TrainedModel } from '../src/index.js';

function tinyModel(set: string[] = []): TrainedModel {
  const config = loadConfig({
    env: {},
    set: [
      ...[
        'data.size=8',
        'model.ch=32',
        'model.chMult=[1,2]',
        'model.numResBlocks=1',
        'model.attnResolutions=[4]',
      ],
      ...['diffusion.numTimesteps=20', ...set],
    ],
  });
  const image = { size: 8, channels: 3 };
  const specs = unetParams(unetConfigOf(config, image));
  // The branches' last convolutions start at 1e-10: make them visible.
  const weights = initParams(specs, 5).map((w) => (Math.abs(w) < 1e-6 ? w * 1e6 : w));
  return { config, image, layout: makeLayout(specs), weights };
}

const engine = (): Promise<Engine> =>
  openEngine({ kind: 'tensorflow', compiled: true, precision: 'float32', threads: 1 });

test.serial('a sample depends on its seed and index, not on what it is drawn with', async (t) => {
  const opened = await engine();
  const model = tinyModel();
  const denoiser = await Denoiser.open(opened, model, { batch: 4 });
  const plan = samplerPlan(model.config.diffusion, { sampler: 'ddpm' });
  const six = sample(denoiser, { count: 6, seed: 3, plan });
  const size = 8 * 8 * 3;
  t.true(six.every(Number.isFinite));
  t.deepEqual(sample(denoiser, { count: 5, seed: 3, plan }), six.slice(0, 5 * size));
  t.deepEqual(sample(denoiser, { first: 4, count: 2, seed: 3, plan }), six.slice(4 * size));
  t.notDeepEqual(sample(denoiser, { count: 6, seed: 4, plan }), six);
  t.notDeepEqual(six.slice(0, size), six.slice(size, 2 * size));
  denoiser.dispose();
  await opened.dispose();
});

test.serial('trap 26: nothing is dropped while sampling', async (t) => {
  const opened = await engine();
  const draw = async (dropout: number): Promise<Float32Array> => {
    const model = tinyModel([`model.dropout=${dropout}`]);
    const denoiser = await Denoiser.open(opened, model, { batch: 2 });
    const plan = samplerPlan(model.config.diffusion, { sampler: 'ddim', sampleSteps: 3 });
    const images = sample(denoiser, { count: 2, seed: 0, plan });
    denoiser.dispose();
    return images;
  };
  t.deepEqual(await draw(0.9), await draw(0));
  await opened.dispose();
});

test.serial('progress counts every step of every batch; predXStart is what the plan clamps', async (t) => {
  const opened = await engine();
  const model = tinyModel();
  const denoiser = await Denoiser.open(opened, model, { batch: 2 });
  const plan = samplerPlan(model.config.diffusion, { sampler: 'ddim', sampleSteps: 5 });
  const seen: number[] = [];
  let extreme = 0;
  sample(denoiser, {
    ...{ count: 3, seed: 0, plan },
    onProgress: (done, total) => seen.push(done / total),
    onStep: (_, predXStart) => (extreme = Math.max(extreme, ...predXStart().map(Math.abs))),
  });
  t.deepEqual(
    seen,
    Array.from({ length: 10 }, (_, i) => (i + 1) / 10),
  );
  t.true(extreme <= 1 && extreme > 0);
  denoiser.dispose();
  await opened.dispose();
});

test.serial('guidance of scale 1 is the conditional model; another scale is not', async (t) => {
  const opened = await engine();
  const model = tinyModel(['model.numClasses=3']);
  const plan = samplerPlan(model.config.diffusion, { sampler: 'ddim', sampleSteps: 4 });
  const labels = Int32Array.of(0, 1);
  const draw = async (guidance?: { scale: number; rescale: number }): Promise<Float32Array> => {
    const denoiser = await Denoiser.open(opened, model, { batch: 2, ...(guidance ? { guidance } : {}) });
    const images = sample(denoiser, { count: 2, seed: 1, plan, labels });
    denoiser.dispose();
    return images;
  };
  const plain = await draw();
  const one = await draw({ scale: 1, rescale: 0 });
  const three = await draw({ scale: 3, rescale: 0 });
  const distance = (a: Float32Array, b: Float32Array): number =>
    Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
  t.true(distance(plain, one) < 1e-4, `${distance(plain, one)}`);
  t.true(distance(plain, three) > 1e-3, `${distance(plain, three)}`);
  await opened.dispose();
});
