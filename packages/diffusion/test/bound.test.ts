import test from 'ava';
import {
  calcBpdLoop,
  discretizedGaussianLogLikelihood,
  GaussianDiffusion,
  getBetaSchedule,
  priorBpd,
  type BetaScheduleName,
} from '../src/index.js';
import { gaussianMean, idealEps, shortLinear } from './support/diffusions.js';
import { close, eachArithmetic, extra, given, golden, type Subject } from './support/golden.js';

function scheduled<T>({ arithmetic }: Subject<T>, name: BetaScheduleName, T: number): GaussianDiffusion<T> {
  const betas = getBetaSchedule(name, 1e-4, 0.02, T);
  return new GaussianDiffusion(arithmetic, { betas, modelMeanType: 'eps', modelVarType: 'fixedSmall' });
}

eachArithmetic((subject) => {
  const { arithmetic } = subject;

  test(`${subject.name}: prior`, (t) => {
    const xStart = given(subject, golden.inputs.x_start);
    for (const [key, want] of Object.entries<any>(golden.prior_bpd)) {
      const [name, T] = key.split('_T');
      // 1e-9 bits are the rest of terms of order one, which float32 does not hold.
      if (key.startsWith('cosine') && subject.name === 'device') continue;
      const prior = priorBpd(scheduled(subject, name as BetaScheduleName, Number(T)), xStart);
      close(t, subject, prior, want, key);
    }
  });

  test(`${subject.name}: decoder of golden's cases`, (t) => {
    const { cases, inputs } = golden;
    const xStart = given(subject, inputs.x_start);
    for (const variance of ['fixedsmall', 'fixedlarge']) {
      const p = cases.mid.p_mean_variance[`eps|${variance}|clip=false`];
      const likelihood = discretizedGaussianLogLikelihood(arithmetic, {
        x: xStart,
        mean: given(subject, p.mean),
        logScale: arithmetic.affine(given(subject, p.log_variance), 0.5),
      });
      const bits = arithmetic.affine(arithmetic.mean(likelihood), -1 / Math.LN2);
      close(t, subject, bits, cases.mid.vb_terms_bpd[`eps|${variance}|clip=false`].decoder_nll, variance);
    }
  });

  test(`${subject.name}: data that is one point has the exact bound of the closed form`, (t) => {
    const { T, beta_start: betaStart, beta_end: betaEnd, bounds } = extra.point;
    for (const modelVarType of ['fixedSmall', 'fixedLarge'] as const) {
      for (const { x, total } of bounds[modelVarType]) {
        const diffusion = shortLinear(subject, { T, betaStart, betaEnd, modelVarType });
        const xStart = given(subject, [[[[x]]]]);
        const model = idealEps(diffusion, (xT) => arithmetic.affine(xT, 0, x));
        const noise = (at: number) => given(subject, [[[[Math.sin(at)]]]]);
        const bpd = calcBpdLoop(diffusion, { model, xStart, noise });
        close(t, subject, bpd.total, [total], `${modelVarType} ${x}`, 10);
        bpd.steps.forEach((step) => t.true(subject.values(step.xStartMse)[0]! < 1e-9));
      }
    }
  });

  test(`${subject.name}: Gaussian data has the terms of the SNR form (Kingma et al. 2021)`, (t) => {
    const { T, beta_start: betaStart, beta_end: betaEnd, mu, s2, terms } = extra.gaussian;
    const s = Math.sqrt(s2);
    // A term is quadratic in (x_0, noise), so its mean over the four corners is its expectation.
    const xStart = given(
      subject,
      [mu + s, mu + s, mu - s, mu - s].map((x) => [[[x]]]),
    );
    const noise = () =>
      given(
        subject,
        [1, -1, 1, -1].map((z) => [[[z]]]),
      );
    for (const modelVarType of ['fixedSmall', 'fixedLarge'] as const) {
      const diffusion = shortLinear(subject, { T, betaStart, betaEnd, modelVarType });
      const model = idealEps(diffusion, gaussianMean(subject, mu, s2));
      const { steps } = calcBpdLoop(diffusion, { model, xStart, noise, clipDenoised: false });
      terms[modelVarType].forEach((want: number, i: number) => {
        const mean = subject.values(steps[i + 1]!.vb).reduce((a, b) => a + b) / 4;
        const [rtol, atol] = subject.name === 'device' ? [1e-3, 1e-5] : [1e-9, 1e-12];
        t.true(Math.abs(mean - want) <= atol + rtol * want, `${modelVarType} t = ${i + 1}: ${mean}, ${want}`);
      });
    }
  });

  test(`${subject.name}: black or white pixels have the exact bound, which is above their entropy`, (t) => {
    const { T, beta_start: betaStart, beta_end: betaEnd, nodes, weights, total, terms } = extra.two_point;
    const diffusion = shortLinear(subject, { T, betaStart, betaEnd });
    const { mul, div, affine, sqrt } = arithmetic;
    const tanh = (a: unknown) => affine(arithmetic.sigmoid(affine(a, 2)), 2, -1);
    const model = idealEps(diffusion, (x, ac) => tanh(div(mul(sqrt(ac), x), affine(ac, -1, 1))));
    const xStart = given(
      subject,
      nodes.map(() => [[[1]]]),
    );
    const noise = () =>
      given(
        subject,
        nodes.map((z: number) => [[[z]]]),
      );
    const bpd = calcBpdLoop(diffusion, { model, xStart, noise });
    const expected = (perNode: unknown) =>
      subject.values(perNode).reduce((sum, bits, i) => sum + weights[i] * bits, 0);
    const tolerance = subject.name === 'device' ? 1e-3 : 1e-9;
    terms.forEach((want: number, at: number) => {
      const got = expected(bpd.steps[at]!.vb);
      t.true(Math.abs(got - want) <= tolerance * Math.max(1, want), `t = ${at}: ${got}, ${want}`);
    });
    const got = expected(bpd.total);
    t.true(Math.abs(got - total) <= tolerance * total, `${got}, ${total}`);
    t.true(got > 1);
  });
});
