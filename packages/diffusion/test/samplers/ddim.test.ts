import test from 'ava';
import {
  COEFFICIENTS,
  ddimReverseSample,
  ddimSample,
  encodePlan,
  GaussianDiffusion,
  runPlan,
  samplerPlan,
  samplerStep,
} from '../../src/index.js';
import { gaussianMean, HO, idealEps } from '../support/diffusions.js';
import { close, eachArithmetic, extra, given, golden } from '../support/golden.js';

const { inputs, cases } = golden;

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const diffusion = GaussianDiffusion.fromConfig(arithmetic, HO);
  const output = given(subject, inputs.net);
  const x = given(subject, cases.mid.q_sample);
  const noise = given(subject, inputs.noise);

  for (const [key, want] of Object.entries<any>(cases.mid.ddim)) {
    const eta = Number(key.split('=')[1]);

    test(`${subject.name}: ddim step, ${key}`, (t) => {
      const ts = arithmetic.timesteps(cases.mid.t);
      const { sample, predXStart } = ddimSample(diffusion, {
        output,
        x,
        t: ts,
        noise,
        eta,
        clipDenoised: true,
      });
      close(t, subject, sample, want, key);
      close(
        t,
        subject,
        predXStart,
        cases.mid.p_mean_variance['eps|fixedsmall|clip=true'].pred_xstart,
        'xStart',
      );
    });

    test(`${subject.name}: ddim plan, ${key}`, (t) => {
      const { steps } = samplerPlan(HO, { sampler: 'ddim', eta });
      cases.mid.t.forEach((at: number, image: number) => {
        const { exact } = steps.find((s) => s.t === at)!;
        const got = samplerStep(arithmetic, {
          x,
          output,
          noise,
          coefficients: arithmetic.constant(
            COEFFICIENTS.map((name) => exact[name]),
            [COEFFICIENTS.length],
          ),
        });
        const size = subject.values(got.x).length / 2;
        const own = subject.values(got.x).slice(image * size, (image + 1) * size);
        close(t, subject, given(subject, own), want[image], `t ${at}`);
      });
    });
  }

  test(`${subject.name}: the reverse ODE step`, (t) => {
    for (const { t: at, x: from, x_start: xStart, value } of extra.ddim_reverse) {
      const own = given(subject, [[[[from]]]]);
      const ts = arithmetic.timesteps([at]);
      const eps = diffusion.predictEpsFromXStart(own, ts, given(subject, [[[[xStart]]]]));
      const { sample } = ddimReverseSample(diffusion, { output: eps, x: own, t: ts, clipDenoised: false });
      close(t, subject, sample, [value], `t ${at}`);
    }
  });

  test(`${subject.name}: for data N(0, 1) the exact ODE step is a product of cosines`, (t) => {
    // x_0 = sqrt(ac) x and eps = sqrt(1 - ac) x, so a step multiplies by cos of the change of arccos sqrt(ac).
    const model = idealEps(diffusion, gaussianMean(subject, 0, 1));
    const plan = samplerPlan(HO, { sampler: 'ddim', sampleSteps: 20, clip: 'never' });
    const angles = [...plan.steps.map((s) => Math.acos(diffusion.tables.sqrtAlphasCumprod[s.t]!)), 0];
    const factor = plan.steps.reduce((product, _, i) => product * Math.cos(angles[i]! - angles[i + 1]!), 1);
    const { sample } = runPlan(arithmetic, { plan, model, xT: given(subject, [[[[0.7]]]]) });
    close(t, subject, sample, [0.7 * factor], 'image');
  });

  test(`${subject.name}: encoding and sampling come back to the image`, (t) => {
    const model = idealEps(diffusion, gaussianMean(subject, 0.3, 0.16));
    const options = { sampleSteps: 500, spacing: 'ddim', clip: 'never' } as const;
    const xT = given(subject, [[[[0.5]]], [[[-0.2]]]]);
    const up = runPlan(arithmetic, { plan: encodePlan(HO, options), model, xT });
    const down = runPlan(arithmetic, {
      plan: samplerPlan(HO, { sampler: 'ddim', ...options }),
      model,
      xT: up.sample,
    });
    const [a, b] = subject.values(down.sample);
    t.true(Math.abs(a! - 0.5) < 0.02 && Math.abs(b! + 0.2) < 0.02, `${a} ${b}`);
  });
});
