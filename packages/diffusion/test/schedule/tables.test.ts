import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import {
  diffusionTables,
  getBetaSchedule,
  type BetaScheduleName,
  type DiffusionTables,
} from '../../src/index.js';
import { at, extra, golden, near, reference } from '../support/golden.js';

type TableName = Exclude<keyof DiffusionTables, 'numTimesteps'>;

const NAMES: Record<string, TableName> = {
  alphas_cumprod: 'alphasCumprod',
  alphas_cumprod_prev: 'alphasCumprodPrev',
  sqrt_alphas_cumprod: 'sqrtAlphasCumprod',
  sqrt_one_minus_alphas_cumprod: 'sqrtOneMinusAlphasCumprod',
  log_one_minus_alphas_cumprod: 'logOneMinusAlphasCumprod',
  sqrt_recip_alphas_cumprod: 'sqrtRecipAlphasCumprod',
  sqrt_recipm1_alphas_cumprod: 'sqrtRecipm1AlphasCumprod',
  posterior_variance: 'posteriorVariance',
  posterior_log_variance_clipped: 'posteriorLogVarianceClipped',
  fixedlarge_log_variance: 'fixedLargeLogVariance',
  posterior_mean_coef1: 'posteriorMeanCoef1',
  posterior_mean_coef2: 'posteriorMeanCoef2',
};

for (const [key, want] of Object.entries<any>(golden.schedules)) {
  test(`tables of ${key}`, (t) => {
    const schedule = key.split('_')[0] as BetaScheduleName;
    const tables = diffusionTables(getBetaSchedule(schedule, want.beta_start, want.beta_end, want.T));
    for (const [theirs, ours] of Object.entries(NAMES)) {
      const table = tables[ours];
      at(table, want.timesteps).forEach((value, i) => {
        near(t, reference, value, Number(want[theirs][i]), `${ours}[${want.timesteps[i]}]`);
      });
      const sum = want[`sum_${theirs}`];
      if (sum !== null)
        near(
          t,
          reference,
          table.reduce((a, b) => a + b),
          sum,
          `sum of ${ours}`,
        );
    }
    (want.snr_at_timesteps ?? []).forEach((snr: number, i: number) => {
      near(t, reference, tables.snr[want.timesteps[i]]!, snr, 'snr');
    });
  });
}

test('cumulative products of the schedules that golden lacks', (t) => {
  for (const [key, want] of Object.entries<any>(extra.schedules)) {
    const { alphasCumprod } = diffusionTables(getBetaSchedule(key as BetaScheduleName, 1e-4, 0.02, 1000));
    at(alphasCumprod, want.timesteps).forEach((value, i) => {
      near(t, reference, value, want.alphas_cumprod[i], `${key}[${i}]`);
    });
  }
});

test('alphasCumprodNext ends in zero', (t) => {
  const { alphasCumprod, alphasCumprodNext } = diffusionTables([0.1, 0.2, 0.3]);
  t.deepEqual([...alphasCumprodNext], [alphasCumprod[1], alphasCumprod[2], 0]);
});

test('one step is no chain', (t) => {
  t.true(
    isFleetError(
      t.throws(() => diffusionTables([0.5])),
      'DDPM_ERR_DIFFUSION_TIMESTEPS',
    ),
  );
  t.true(
    isFleetError(
      t.throws(() => diffusionTables([0.5, 1.2])),
      'DDPM_ERR_DIFFUSION_BETAS',
    ),
  );
});
