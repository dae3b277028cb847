import { samplerPlan } from '@ddpm-fleet/diffusion';
import test from 'ava';
import { Denoiser, sample } from '../src/index.js';
import { compiledEngine as engine, tinyModel } from './support/tinyModel.js';

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
    onStep: (_, { predXStart }) => (extreme = Math.max(extreme, ...predXStart().map(Math.abs))),
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

test.serial('chains that start from given images, and what is seen on the way', async (t) => {
  const opened = await engine();
  const model = tinyModel();
  const denoiser = await Denoiser.open(opened, model, {
    batch: 2,
    threshold: { quantile: 0.9, maximum: Infinity },
  });
  const plan = samplerPlan(model.config.diffusion, { sampler: 'dpmSolver', sampleSteps: 3 });
  const size = 8 * 8 * 3;
  const start = Float32Array.from({ length: 3 * size }, (_, i) => Math.sin(i));
  const seen: Float32Array[] = [];
  const request = { count: 3, seed: 0, plan, start };
  const images = sample(denoiser, { ...request, onStep: (_, { x }) => seen.push(x()) });
  t.is(seen.length, 6);
  t.deepEqual(seen[2], images.slice(0, 2 * size));
  // Without noise the seed is nothing, and an image's neighbours neither.
  t.deepEqual(sample(denoiser, { ...request, seed: 9, first: 5 }), images);
  const last = sample(denoiser, { ...request, count: 1, start: start.slice(2 * size) });
  t.deepEqual(last, images.slice(2 * size));
  denoiser.dispose();
  await opened.dispose();
});
