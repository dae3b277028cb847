import test from 'ava';
import { GaussianDiffusion, runPlan, samplerPlan } from '../../src/index.js';
import { gaussianMean, HO, idealEps } from '../support/diffusions.js';
import { close, eachArithmetic, extra, given, near, reference } from '../support/golden.js';

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const { mu, s2, x, path, timesteps } = extra.dpm_solver;
  const diffusion = GaussianDiffusion.fromConfig(arithmetic, HO);
  const model = idealEps(diffusion, gaussianMean(subject, mu, s2));
  const plan = samplerPlan(HO, { sampler: 'dpmSolver', sampleSteps: 10, clip: 'never' });

  test(`${subject.name}: the path of ten steps is that of the log-SNR form`, (t) => {
    t.deepEqual(
      plan.steps.map((s) => s.t),
      timesteps,
    );
    const xT = given(subject, [[[[x]]]]);
    for (let n = 1; n <= plan.steps.length; n++) {
      const { sample } = runPlan(arithmetic, { plan: { ...plan, steps: plan.steps.slice(0, n) }, model, xT });
      close(t, subject, sample, [path[n - 1]], `after step ${n}`, 3);
    }
  });

  test(`${subject.name}: twice the steps, a quarter of the error`, (t) => {
    // The flow of N(mu, s2) keeps (x - sqrt(ac) mu) / sqrt(ac s2 + 1 - ac).
    const { alphasCumprod } = diffusion.tables;
    const [first, last] = [alphasCumprod[0]!, alphasCumprod[999]!];
    const spread = (ac: number) => Math.sqrt(ac * s2 + 1 - ac);
    const exact = Math.sqrt(first) * mu + (spread(first) * (x - Math.sqrt(last) * mu)) / spread(last);
    const error = (sampler: 'dpmSolver' | 'ddim', sampleSteps: number) => {
      const own = samplerPlan(HO, { sampler, sampleSteps, clip: 'never' });
      const toFirst = { ...own, steps: own.steps.slice(0, -1) };
      const { sample } = runPlan(arithmetic, { plan: toFirst, model, xT: given(subject, [[[[x]]]]) });
      return Math.abs(subject.values(sample)[0]! - exact);
    };
    const order = (sampler: 'dpmSolver' | 'ddim') => Math.log2(error(sampler, 50) / error(sampler, 100));
    t.true(Math.abs(order('ddim') - 1) < 0.2, `ddim ${order('ddim')}`);
    t.true(order('dpmSolver') > 1.6, `dpmSolver ${order('dpmSolver')}`);
    t.true(error('dpmSolver', 200) < error('ddim', 200) / 3);
  });

  test(`${subject.name}: a zero terminal SNR is a finite start`, (t) => {
    const config = { ...HO, betaSchedule: 'jsd', modelMeanType: 'v' } as const;
    const { steps } = samplerPlan(config, { sampler: 'dpmSolver', sampleSteps: 10 });
    near(t, reference, steps[0]!.exact.fromX, Math.sqrt(889 / 1000), 'first step');
    t.true(steps.every(({ coefficients }) => coefficients.every((c) => !Number.isNaN(c))));
  });
});
