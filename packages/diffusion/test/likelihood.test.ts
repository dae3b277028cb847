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
    for (const c of golden.discretized_gaussian_log_likelihood) {
      const full = (value: number) => vector(c.x.map(() => value));
      const got = discretizedGaussianLogLikelihood(arithmetic, {
        x: vector(c.x),
        mean: full(c.mean),
        logScale: full(c.log_scale),
      });
      close(t, subject, got, c.value, `mean ${c.mean} scale ${c.log_scale}`);
    }
  });
});
