import test from 'ava';
import { AverageBasis } from '../../src/averages/fit.js';
import { powerWeight } from '../../src/averages/profile.js';
import { golden } from '../support/posthocEma.js';

/** Averages of a path in float64, after each of some steps. */
function track(path: readonly (readonly number[])[], weightAt: (k: number) => number): number[][] {
  const average = path[0]!.map(() => 0);
  return path.map((params, k) => {
    const weight = weightAt(k + 1);
    params.forEach((value, i) => (average[i]! += weight * (value - average[i]!)));
    return [...average];
  });
}

function combine(coefficients: Float64Array, averages: readonly (readonly number[])[]): number[] {
  return averages[0]!.map((_, i) => coefficients.reduce((sum, x, k) => sum + x * averages[k]![i]!, 0));
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
}

for (const one of golden('reconstruct')) {
  test(`${one.name}: profile error and weights are the golden ones`, (t) => {
    const { snapshots, path, targetStd, targetStep } = one;
    const fit = new AverageBasis(snapshots).fit({ relativeStd: targetStd, step: targetStep });
    t.true(Math.abs(fit.profileError - one.profileError) < 1e-6, `${fit.profileError}`);
    if (!path) return;
    const tracked = new Map(
      [...new Set(snapshots.map(({ relativeStd }) => relativeStd))].map((std) => [
        std,
        track(path, (k) => powerWeight(std, k)),
      ]),
    );
    const made = combine(
      fit.coefficients,
      snapshots.map(({ relativeStd, step }) => tracked.get(relativeStd)![step - 1]!),
    );
    t.true(distance(made, one.reconstructed) < 1e-6, `${distance(made, one.reconstructed)}`);
    const direct = track(path, (k) => powerWeight(targetStd, k))[targetStep - 1]!;
    t.true(distance(direct, one.direct) < 1e-6);
  });
}

const SNAPSHOTS = [0.05, 0.1].flatMap((relativeStd) =>
  Array.from({ length: 40 }, (_, i) => ({ relativeStd, step: 25 * (i + 1) })),
);

test('an exponential average is made like one that was tracked', (t) => {
  const path = Array.from({ length: 1000 }, (_, k) => [Math.sin(k / 90), Math.log1p(k), (k % 7) / 7]);
  const tracked = [0.05, 0.1].map((std) => track(path, (k) => powerWeight(std, k)));
  const basis = new AverageBasis(SNAPSHOTS);
  const averages = SNAPSHOTS.map(
    ({ relativeStd, step }) => tracked[relativeStd === 0.05 ? 0 : 1]![step - 1]!,
  );
  for (const [decay, limit] of [
    [0.98, 0.006],
    [0.99, 0.006],
  ] as const) {
    const { coefficients, profileError } = basis.fit({ decay, step: 1000 });
    const direct = track(path, (k) => (k === 1 ? 1 : 1 - decay))[999]!;
    const made = combine(coefficients, averages);
    t.log(`decay ${decay}: profile error ${profileError}, weights ${distance(made, direct)}`);
    t.true(profileError < 0.25 && distance(made, direct) < limit);
  }
  const { profileError } = basis.fit({ decay: 0.9999, step: 1000 });
  t.true(profileError > 0.9, 'nine tenths are still the first step');
});

test('hundreds of snapshots, many of them all but dependent, are no trouble', (t) => {
  const dense = [0.05, 0.0501, 0.1].flatMap((relativeStd) =>
    Array.from({ length: 200 }, (_, i) => ({ relativeStd, step: 800_000 + i })),
  );
  const fit = new AverageBasis(dense).fit({ relativeStd: 0.1, step: 800_199 });
  t.true(fit.profileError < 1e-6, `${fit.profileError}`);
  t.true(fit.coefficients.every((x) => Number.isFinite(x)));
  const total = fit.coefficients.reduce((sum, x) => sum + x, 0);
  t.true(Math.abs(total - 1) < 1e-6, 'averages of parameters that stand still stand still');
});

test('close profiles do not blow up what is rounding', (t) => {
  const widths = [0.05, 0.06, 0.075, 0.09, 0.1, 0.12, 0.15];
  const close = widths.flatMap((relativeStd) =>
    SNAPSHOTS.slice(0, 40).map(({ step }) => ({ relativeStd, step })),
  );
  for (const rounding of [0, 2 ** -11, 2 ** -8]) {
    const { coefficients, profileError } = new AverageBasis(close, rounding).fit({
      relativeStd: 0.08,
      step: 1000,
    });
    const noise = Math.max(rounding, 5e-7) * Math.hypot(...coefficients);
    t.log(`rounding ${rounding}: profile error ${profileError}, of rounding ${noise}`);
    t.true(noise < 2 * Math.max(rounding, 1e-4) && profileError < 0.05);
  }
});

test('the widths that are possible lie about those that were tracked', (t) => {
  const basis = new AverageBasis(SNAPSHOTS);
  const widths = Array.from({ length: 56 }, (_, i) => (i + 1) / 200);
  const [narrow, wide] = basis.range(1000, 0.05, widths)!;
  t.log(`${narrow} to ${wide}`);
  t.true(narrow <= 0.05 && narrow > 0.005 && wide >= 0.15);
  t.is(new AverageBasis([{ relativeStd: 0.05, step: 100 }]).range(1000, 0.05, widths), undefined);
});
