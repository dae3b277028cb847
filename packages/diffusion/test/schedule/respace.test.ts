import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import {
  chooseTimesteps,
  diffusionTables,
  float64,
  GaussianDiffusion,
  getBetaSchedule,
  respace,
  respacedBetas,
  spaceTimesteps,
  type BetaScheduleName,
} from '../../src/index.js';
import { golden, near, reference } from '../support/golden.js';

for (const [key, want] of Object.entries<any>(golden.respacing)) {
  test(`respacing ${key}`, (t) => {
    const timesteps = spaceTimesteps(want.T, want.spec);
    t.is(timesteps.length, want.count);
    t.deepEqual(timesteps.slice(0, want.first.length), want.first);
    t.deepEqual(timesteps.slice(-want.last.length), want.last);
    if (want.all) t.deepEqual(timesteps, want.all);
    if (!want.betas_first5) return;
    const schedule = /^[a-z]+/.exec(key)![0] as BetaScheduleName;
    const { alphasCumprod } = diffusionTables(getBetaSchedule(schedule, 1e-4, 0.02, want.T));
    const betas = respacedBetas(alphasCumprod, timesteps);
    want.betas_first5.forEach((beta: number, i: number) => near(t, reference, betas[i]!, beta, `beta ${i}`));
    want.betas_last3.forEach((beta: number, i: number) =>
      near(t, reference, betas.at(i - 3)!, beta, `last ${i}`),
    );
    near(
      t,
      reference,
      betas.reduce((a, b) => a + b),
      want.sum_betas,
      'sum',
    );
  });
}

test('the spacings of diffusers', (t) => {
  for (const spacing of ['leading', 'trailing', 'linspace']) {
    t.deepEqual(
      chooseTimesteps(1000, 10, spacing).reverse(),
      golden.diffusers_timesteps[`${spacing}_10`],
      spacing,
    );
  }
});

test('every spacing takes all steps, one step, and none twice', (t) => {
  for (const spacing of ['even', 'leading', 'trailing', 'linspace']) {
    t.deepEqual(
      chooseTimesteps(60, 60, spacing),
      Array.from({ length: 60 }, (_, i) => i),
      spacing,
    );
    for (let steps = 1; steps <= 60; steps++) {
      const timesteps = chooseTimesteps(60, steps, spacing);
      t.is(new Set(timesteps).size, steps, `${spacing} ${steps}`);
      t.true(
        timesteps.every(
          (at, i) => Number.isInteger(at) && at >= 0 && at < 60 && (i === 0 || at > timesteps[i - 1]!),
        ),
      );
    }
  }
  t.deepEqual(chooseTimesteps(60, 1, 'even'), [59]);
});

test('what cannot be spaced is refused', (t) => {
  for (const run of [
    () => chooseTimesteps(100, 0, 'even'),
    () => chooseTimesteps(100, 101, 'even'),
    () => chooseTimesteps(100, 2.5, 'even'),
    () => chooseTimesteps(1000, 300, 'ddim'),
    () => chooseTimesteps(100, 10, 'quadratic'),
    () => spaceTimesteps(10, '6,3'),
    () => spaceTimesteps(10, '0'),
  ]) {
    t.true(isFleetError(t.throws(run), 'DDPM_ERR_SAMPLER'));
  }
});

test('halves are rounded to the even neighbour, as the reference does', (t) => {
  t.deepEqual(spaceTimesteps(6, '3'), [0, 2, 5]);
  t.deepEqual(spaceTimesteps(8, '3'), [0, 4, 7]);
});

test('a respaced chain of a respaced chain still speaks of the first one', (t) => {
  const whole = new GaussianDiffusion(float64, {
    betas: getBetaSchedule('linear', 1e-4, 0.02, 1000),
    modelMeanType: 'eps',
    modelVarType: 'fixedSmall',
    rescaleTimesteps: true,
  });
  const once = respace(whole, [0, 100, 200, 500, 999]);
  const twice = respace(once, [1, 3, 4]);
  t.deepEqual(twice.options.timestepMap, [100, 500, 999]);
  t.deepEqual([...twice.modelTimesteps(float64.timesteps([0, 1, 2])).data], [100, 500, 999]);
  near(t, reference, twice.tables.alphasCumprod[1]!, whole.tables.alphasCumprod[500]!, 'alphasCumprod');
});
