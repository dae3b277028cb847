import test from 'ava';
import { guidedOutput, runPlan, samplerPlan, type SamplerPlan } from '../../src/index.js';
import { CHAINS, epsValues, noiseValues, startValues, VALUES, type Chain } from '../support/chains.js';
import { HO } from '../support/diffusions.js';
import { close, eachArithmetic, given, type Subject } from '../support/golden.js';

// A chain multiplies each rounding by what follows it.
const RELAX = { float64: 1, device: 20 };

eachArithmetic((subject) => {
  const relax = RELAX[subject.name as keyof typeof RELAX];

  for (const chain of CHAINS) {
    test(`${subject.name}: a whole chain: ${chain.title}`, (t) => {
      const plan = samplerPlan(HO, chain.options);
      for (const quarter of [1, 2, 3, 4]) {
        const steps = plan.steps.slice(0, Math.floor((plan.steps.length * quarter) / 4));
        const x = ran(subject, chain, { ...plan, steps });
        const want = chain.images.map((path) => path[quarter - 1]!);
        close(t, subject, x, want, `quarter ${quarter}`, relax);
      }
    });
  }
});

function ran<T>(subject: Subject<T>, chain: Chain, plan: SamplerPlan): T {
  const { arithmetic } = subject;
  const images = [0, 1];
  const asImages = (values: number[][]): T =>
    given(
      subject,
      values.map((one) => [[one]]),
    );
  const eps = (x: T, t: T, label: number): T => {
    const [values, [at]] = [subject.values(x), subject.values(t)];
    return asImages(images.map((i) => epsValues(values.slice(i * VALUES, (i + 1) * VALUES), at!, label)));
  };
  const { guidance, quantile } = chain;
  const { sample } = runPlan(arithmetic, {
    plan,
    model: (x, t) =>
      guidance
        ? guidedOutput(arithmetic, {
            conditional: eps(x, t, 1),
            unconditional: eps(x, t, 0),
            scale: given(subject, [guidance.scale]),
            rescale: given(subject, [guidance.rescale]),
            channels: VALUES,
          })
        : eps(x, t, 0),
    xT: asImages(images.map(startValues)),
    noise: (index) => asImages(images.map((image) => noiseValues(image, index))),
    ...(quantile !== undefined && { threshold: { quantile, maximum: Infinity } }),
  });
  return sample;
}
