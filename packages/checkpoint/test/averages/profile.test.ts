import test from 'ava';
import { gammaOf, powerDecay, powerWeight, relativeStd, WIDEST_STD } from '../../src/averages/profile.js';
import { golden } from '../support/posthocEma.js';

test('exponents of widths are the golden ones, and give the widths back', (t) => {
  for (const { relativeStd: std, gamma } of golden('width')) {
    t.true(Math.abs(gammaOf(std) - gamma) < 1e-9 * gamma, `${std}: ${gammaOf(std)}`);
    t.true(Math.abs(relativeStd(gamma) - std) < 1e-12);
  }
  t.true(Math.abs(gammaOf(WIDEST_STD)) < 1e-6, 'all steps alike');
});

test('decays of updates are the golden ones; the first copies', (t) => {
  for (const { relativeStd: std, steps, decay } of golden('decays')) {
    for (const [i, step] of steps.entries()) {
      t.true(Math.abs(powerDecay(std, step) - decay[i]!) < 1e-12, `${std} at ${step}`);
      t.true(Math.abs(powerWeight(std, step) - (1 - decay[i]!)) < 1e-12, `${std} at ${step}`);
    }
    t.is(powerWeight(std, 1), 1);
  }
});

test('updates by these weights give every step the weight of the profile', (t) => {
  const [std, steps] = [0.1, 400];
  const gamma = gammaOf(std);
  // Average of step numbers alone: (gamma + 1) / (gamma + 2) of the last one, as far as steps are small beside it.
  let average = 0;
  for (let k = 1; k <= steps; k++) average += powerWeight(std, k) * (k - average);
  t.true(Math.abs(average / steps - (gamma + 1) / (gamma + 2)) < 2 / steps, `${average}`);
});
