import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { BETA_SCHEDULES, getBetaSchedule, type BetaScheduleName } from '../../src/index.js';
import { at, extra, golden, near, reference } from '../support/golden.js';

for (const [key, want] of Object.entries<any>(golden.schedules)) {
  const name = key.split('_')[0] as BetaScheduleName;
  test(`${key} has the golden betas`, (t) => {
    const betas = getBetaSchedule(name, want.beta_start, want.beta_end, want.T);
    at(betas, want.timesteps).forEach((beta, i) => near(t, reference, beta, want.betas[i], `${key}[${i}]`));
    near(
      t,
      reference,
      betas.reduce((a, b) => a + b),
      want.sum_betas,
      'sum',
    );
  });
}

for (const [key, want] of Object.entries<any>(extra.schedules)) {
  test(`${key} is the paper's`, (t) => {
    const betas = getBetaSchedule(key as BetaScheduleName, 1e-4, 0.02, 1000);
    at(betas, want.timesteps).forEach((beta, i) => near(t, reference, beta, want.betas[i], `${key}[${i}]`));
    near(
      t,
      reference,
      betas.reduce((a, b) => a + b),
      want.sum_betas,
      'sum',
    );
  });
}

test('warmup10 of ten steps warms up for one', (t) => {
  t.deepEqual(
    [...getBetaSchedule('warmup10', 1e-4, 0.02, 10)],
    [1e-4, ...Array.from({ length: 9 }, () => 0.02)],
  );
});

test('every schedule stays in (0, 1] from its least T on', (t) => {
  for (const name of BETA_SCHEDULES) {
    for (const T of [name === 'warmup10' ? 10 : 2, 50, 1000, 4000]) {
      const betas = getBetaSchedule(name, 1e-4, 0.02, T);
      t.is(betas.length, T);
      t.true(
        betas.every((beta) => beta > 0 && beta <= 1),
        `${name} ${T}`,
      );
    }
  }
});

test('a T that is too small or no integer is refused', (t) => {
  for (const name of BETA_SCHEDULES) {
    for (const T of [name === 'warmup10' ? 9 : 1, 0, -3, 10.5, NaN]) {
      const error = t.throws(() => getBetaSchedule(name, 1e-4, 0.02, T), undefined, `${name} ${T}`);
      t.true(isFleetError(error, 'DDPM_ERR_DIFFUSION_TIMESTEPS'));
    }
  }
});

test('betas outside (0, 1] are refused, and their place is named', (t) => {
  for (const [b0, b1, place] of [
    [0, 0.02, 't = 0'],
    [1e-4, 1.5, 't = 66'],
    [-0.1, 0.02, 't = 0'],
    [NaN, 0.02, 't = 0'],
  ] as const) {
    const error = t.throws(() => getBetaSchedule('linear', b0, b1, 100));
    t.true(isFleetError(error, 'DDPM_ERR_DIFFUSION_BETAS'));
    t.true(error?.message.includes(place), error?.message);
  }
});
