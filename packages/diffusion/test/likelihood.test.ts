import test from 'ava';
import { approxStandardNormalCdf, discretizedGaussianLogLikelihood, normalKl } from '../src/index.js';
import { close, eachArithmetic, given, golden } from './support/golden.js';

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const vector = (values: number[]) => given(subject, values);

  test(`${subject.name}: KL of two Gaussians`, (t) => {
    const cases: any[] = golden.normal_kl;
    const column = (key: string) => vector(cases.map((c) => c[key]));
    const kl = normalKl(
      arithmetic,
      { mean: column('mean1'), logVariance: column('logvar1') },
      { mean: column('mean2'), logVariance: column('logvar2') },
    );
    close(
      t,
      subject,
      kl,
      cases.map((c) => c.value),
      'kl',
    );
  });

  test(`${subject.name}: the normal CDF by tanh`, (t) => {
    const cases: any[] = golden.approx_standard_normal_cdf;
    const cdf = approxStandardNormalCdf(arithmetic, vector(cases.map((c) => c.x)));
    close(
      t,
      subject,
      cdf,
      cases.map((c) => c.value),
      'cdf',
    );
    cases.forEach((c, i) => t.true(Math.abs(subject.values(cdf)[i]! - c.exact) < 2e-4, `exact ${c.x}`));
  });

  test(`${subject.name}: log-likelihood of eight-bit values`, (t) => {
    // Differences of CDFs near 1 keep few of float32's digits; the floor 1e-12 is where they are gone.
    for (const c of golden.discretized_gaussian_log_likelihood) {
      const full = (value: number) => vector(c.x.map(() => value));
      const x = vector(c.x);
      const got = discretizedGaussianLogLikelihood(arithmetic, {
        x,
        mean: full(c.mean),
        logScale: full(c.log_scale),
      });
      if (subject.name === 'float64') close(t, subject, got, c.value, `mean ${c.mean} scale ${c.log_scale}`);
      else {
        subject.values(got).forEach((value, i) => {
          const probability = Math.exp(c.value[i]);
          t.true(Math.abs(Math.exp(value) - probability) < 1e-6 + 2e-4 * probability, `${c.mean} ${c.x[i]}`);
        });
      }
    }
  });
});
