import test from 'ava';
import { pSampleSteps, type GaussianDiffusion, type ModelVarType } from '../../src/index.js';
import { gaussianMean, idealEps, shortLinear } from '../support/diffusions.js';
import { eachArithmetic, extra, given, type Subject } from '../support/golden.js';

const { T, beta_start: betaStart, beta_end: betaEnd, mu, s2, moments } = extra.gaussian;

/**
 * Mean and variance of each x of a chain from x_T ~ N(0, 1), by t: -1 is the image. With the exact predictor of
 * Gaussian data a step is affine in (x, noise), so the chain's answer to each unit impulse gives its moments exactly,
 * without a draw: image 0 has no impulse, image 1 has it in x_T, image 2 + t in the noise of t.
 */
function momentsOf<V>(subject: Subject<V>, diffusion: GaussianDiffusion<V>, xStartMean: (x: V, ac: V) => V) {
  const impulse = (at: number) =>
    given(
      subject,
      Array.from({ length: T + 2 }, (_, i) => [[[Number(i === at)]]]),
    );
  const steps = pSampleSteps(diffusion, {
    model: idealEps(diffusion, xStartMean),
    xT: impulse(1),
    noise: (t) => impulse(2 + t),
    clipDenoised: false,
  });
  return Array.from(steps, ({ t, sample }) => {
    const [mean, ...responses] = subject.values(sample);
    return { t: t - 1, mean: mean!, variance: responses.reduce((sum, r) => sum + (r - mean!) ** 2, 0) };
  });
}

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const tolerance = subject.name === 'device' ? 2e-5 : 1e-12;
  const chain = (modelVarType: ModelVarType) => shortLinear(subject, { T, betaStart, betaEnd, modelVarType });

  for (const modelVarType of ['fixedSmall', 'fixedLarge'] as const) {
    test(`${subject.name}: moments of images sampled for N(mu, s2), ${modelVarType}`, (t) => {
      const image = momentsOf(subject, chain(modelVarType), gaussianMean(subject, mu, s2)).at(-1)!;
      const want = moments[modelVarType];
      t.true(Math.abs(image.mean - want.mean) < tolerance, `mean ${image.mean} ${want.mean}`);
      t.true(
        Math.abs(image.variance - want.variance) < tolerance,
        `variance ${image.variance} ${want.variance}`,
      );
      t.is(image.variance > s2, modelVarType === 'fixedLarge');
    });
  }

  // Ho et al. 2020, section 3.2: beta is the exact variance for data N(0, 1), the posterior's for data that is one
  // point; they are the upper and the lower bound of Sohl-Dickstein et al. 2015 on the reverse entropy.
  test(`${subject.name}: data N(0, 1), fixedLarge: every x_t has variance 1, the image 1 - beta_0`, (t) => {
    const path = momentsOf(subject, chain('fixedLarge'), gaussianMean(subject, 0, 1));
    for (const { t: at, mean, variance } of path) {
      const want = at === -1 ? 1 - betaStart : 1;
      t.true(
        Math.abs(mean) < tolerance && Math.abs(variance - want) < tolerance,
        `t ${at}: ${mean} ${variance}`,
      );
    }
    const narrow = momentsOf(subject, chain('fixedSmall'), gaussianMean(subject, 0, 1)).at(-1)!;
    t.true(narrow.variance < 0.99);
  });

  test(`${subject.name}: data at one point, fixedSmall: the chain is q(x_t | x_0) and ends there`, (t) => {
    const diffusion = chain('fixedSmall');
    const { alphasCumprod, posteriorMeanCoef2 } = diffusion.tables;
    const path = momentsOf(subject, diffusion, (x) => arithmetic.affine(x, 0, mu));
    // What x_T ~ N(0, 1) differs by from q(x_T | x_0) shrinks by coef2 at each step.
    let rest = 1;
    for (const { t: at, mean, variance } of path) {
      rest *= posteriorMeanCoef2[at + 1]!;
      const [ac, last] = [at === -1 ? 1 : alphasCumprod[at]!, alphasCumprod[T - 1]!];
      const wantMean = Math.sqrt(ac) * mu - rest * Math.sqrt(last) * mu;
      const wantVariance = 1 - ac + rest * rest * last;
      t.true(Math.abs(mean - wantMean) < tolerance, `t ${at} mean ${mean} ${wantMean}`);
      t.true(Math.abs(variance - wantVariance) < tolerance, `t ${at} variance ${variance} ${wantVariance}`);
    }
    const wide = momentsOf(subject, chain('fixedLarge'), (x) => arithmetic.affine(x, 0, mu));
    t.true(wide.at(-2)!.variance > path.at(-2)!.variance);
  });
});
