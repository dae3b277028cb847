import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import {
  COEFFICIENTS,
  GaussianDiffusion,
  packCoefficients,
  respace,
  samplerPlan,
  samplerStep,
  spaceTimesteps,
  encodePlan,
  type DiffusionConfig,
  type SamplerOptions,
  type SamplerStep,
} from '../../src/index.js';
import { HO } from '../support/diffusions.js';
import { close, eachArithmetic, given, golden, type Subject } from '../support/golden.js';

const { inputs, cases } = golden;

/** One step of a plan on golden's inputs. */
function stepped<T>(subject: Subject<T>, step: SamplerStep, learned = false, previous?: T) {
  const { arithmetic } = subject;
  const net = given(subject, inputs.net);
  return samplerStep(arithmetic, {
    x: given(subject, cases.mid.q_sample),
    output: learned ? arithmetic.join(net, given(subject, inputs.netv)) : net,
    noise: given(subject, inputs.noise),
    previousXStart: previous,
    coefficients: arithmetic.constant(
      COEFFICIENTS.map((name) => step.exact[name]),
      [COEFFICIENTS.length],
    ),
  });
}

const configs: DiffusionConfig[] = [
  HO,
  { ...HO, modelVarType: 'fixedSmall', modelMeanType: 'v' },
  { ...HO, modelVarType: 'fixedSmall', modelMeanType: 'xStart', betaSchedule: 'jsd' },
  { ...HO, modelVarType: 'learnedRange', lossType: 'hybrid', betaSchedule: 'cosine' },
  { ...HO, modelVarType: 'learned', lossType: 'hybrid', modelMeanType: 'xPrev', numTimesteps: 50 },
];

eachArithmetic((subject) => {
  const { arithmetic } = subject;

  for (const config of configs) {
    const { modelMeanType, modelVarType, betaSchedule, numTimesteps } = config;
    const title = [modelMeanType, modelVarType, betaSchedule, numTimesteps].join(' ');

    test(`${subject.name}: a ddpm plan steps as pSample does: ${title}`, (t) => {
      const diffusion = GaussianDiffusion.fromConfig(arithmetic, config);
      for (const clip of ['everyStep', 'never'] as const) {
        const { steps } = samplerPlan(config, { sampler: 'ddpm', clip });
        t.deepEqual(
          steps.map((s) => s.t),
          Array.from(steps, (_, i) => numTimesteps - 1 - i),
        );
        for (const step of [0, 1, 20, numTimesteps - 2, numTimesteps - 1].map((i) => steps[i]!)) {
          const x = given(subject, cases.mid.q_sample);
          const net = given(subject, inputs.net);
          const want = diffusion.pSample({
            output: diffusion.learnsVariance ? arithmetic.join(net, given(subject, inputs.netv)) : net,
            x,
            t: arithmetic.timesteps([step.t, step.t]),
            noise: given(subject, inputs.noise),
            clipDenoised: clip === 'everyStep',
          });
          const got = stepped(subject, step, diffusion.learnsVariance);
          close(t, subject, got.x, subject.values(want.sample), `t ${step.t} x`);
          close(t, subject, got.predXStart, subject.values(want.predXStart), `t ${step.t} xStart`);
        }
      }
    });
  }

  test(`${subject.name}: a shorter ddpm plan steps as the respaced chain does`, (t) => {
    for (const config of configs.slice(0, 4)) {
      const diffusion = GaussianDiffusion.fromConfig(arithmetic, config);
      const timesteps = spaceTimesteps(1000, '10,15,20');
      const respaced = respace(diffusion, timesteps);
      const { steps } = samplerPlan(config, { sampler: 'ddpm', spacing: '10,15,20' });
      t.deepEqual(steps.map((s) => s.t).reverse(), timesteps);
      for (const step of [steps[0]!, steps[7]!, steps[44]!]) {
        const net = given(subject, inputs.net);
        const want = respaced.pSample({
          output: diffusion.learnsVariance ? arithmetic.join(net, given(subject, inputs.netv)) : net,
          x: given(subject, cases.mid.q_sample),
          t: arithmetic.timesteps([step.index, step.index]),
          noise: given(subject, inputs.noise),
          clipDenoised: true,
        });
        close(
          t,
          subject,
          stepped(subject, step, diffusion.learnsVariance).x,
          subject.values(want.sample),
          `${step.t}`,
        );
      }
    }
  });
});

test('coefficients are packed in the declared order, as float32', (t) => {
  const { steps } = samplerPlan(HO, { sampler: 'ddim', sampleSteps: 50, spacing: 'ddim' });
  for (const { coefficients, exact } of steps) {
    t.deepEqual(coefficients, packCoefficients(exact));
    t.deepEqual(
      [...coefficients],
      COEFFICIENTS.map((name) => Math.fround(exact[name])),
    );
  }
});

test('every coefficient of every plan is a number, and only limits are infinite', (t) => {
  for (const config of configs) {
    for (const sampler of ['ddpm', 'ddim', 'dpmSolver'] as const) {
      const whole = sampler === 'ddpm' && /xPrev|learned$/.test(config.modelMeanType + config.modelVarType);
      const { steps } = samplerPlan(config, { sampler, ...(!whole && { sampleSteps: 17 }) });
      for (const { coefficients, t: at } of steps) {
        coefficients.forEach((value, i) => {
          const name = COEFFICIENTS[i]!;
          t.true(
            name.endsWith('Limit') ? value > 0 : Number.isFinite(value),
            `${sampler} t ${at} ${name}: ${value}`,
          );
        });
      }
    }
  }
});

test('a plan says what it needs', (t) => {
  const needs = (options: SamplerOptions) => {
    const { isStochastic, usesPreviousXStart } = samplerPlan(HO, options);
    return [isStochastic, usesPreviousXStart];
  };
  t.deepEqual(needs({ sampler: 'ddpm' }), [true, false]);
  t.deepEqual(needs({ sampler: 'ddim' }), [false, false]);
  t.deepEqual(needs({ sampler: 'ddim', eta: 0.3 }), [true, false]);
  t.deepEqual(needs({ sampler: 'dpmSolver', sampleSteps: 20 }), [false, true]);
});

test('clip: at each step, of the finished image alone, or never', (t) => {
  const limits = (clip?: SamplerOptions['clip']) =>
    samplerPlan(HO, { sampler: 'ddpm', ...(clip && { clip }) }).steps.map(({ exact }) => [
      exact.xStartLimit,
      exact.sampleLimit,
    ]);
  t.true(limits().every(([xStart, sample]) => xStart === 1 && sample === Infinity));
  t.deepEqual(limits(), limits('everyStep'));
  t.true(limits('never').every(([xStart, sample]) => xStart === Infinity && sample === Infinity));
  const atEnd = limits('atEnd');
  t.true(atEnd.every(([xStart]) => xStart === Infinity));
  t.deepEqual(
    atEnd.slice(-2).map(([, sample]) => sample),
    [Infinity, 1],
  );
});

eachArithmetic((subject) => {
  test(`${subject.name}: imageOnly clips the image and keeps the noise that the model predicted`, (t) => {
    const options = { sampler: 'ddim', sampleSteps: 50 } as const;
    const { steps } = samplerPlan(HO, { ...options, clip: 'imageOnly' });
    const followed = samplerPlan(HO, { ...options, clip: 'everyStep' }).steps;
    const acs = alphasCumprodOf(HO);
    const [x, eps] = [given(subject, cases.mid.q_sample), given(subject, inputs.net)].map(subject.values);
    for (const i of [0, 1, 25, 48, 49]) {
      const [ac, target] = [acs[steps[i]!.t]!, i === 49 ? 1 : acs[steps[i + 1]!.t]!];
      const want = Array.from(x!, (value, k) => {
        const image = (value - Math.sqrt(1 - ac) * eps![k]!) / Math.sqrt(ac);
        const clipped = Math.min(1, Math.max(-1, image));
        return Math.sqrt(target) * clipped + Math.sqrt(1 - target) * eps![k]!;
      });
      close(t, subject, stepped(subject, steps[i]!).x, want, `step ${i}`);
    }
    const [kept, derived] = [steps, followed].map((plan) => subject.values(stepped(subject, plan[0]!).x));
    t.true(
      kept!.some((value, k) => Math.abs(value - derived![k]!) > 0.01),
      'clipping was put to use',
    );
  });
});

for (const modelMeanType of ['eps', 'v', 'xStart', 'xPrev'] as const) {
  test(`what nothing clips is the same whichever noise is kept: ${modelMeanType}`, (t) => {
    const config = { ...HO, modelMeanType, modelVarType: 'fixedSmall' } as const;
    const at = (clip: 'everyStep' | 'imageOnly') =>
      samplerPlan(config, { sampler: 'ddim', sampleSteps: 50, eta: 0.5, clip }).steps.map(
        ({ exact }) => exact,
      );
    for (const [i, kept] of at('imageOnly').entries()) {
      const derived = at('everyStep')[i]!;
      const terms = ({ fromX, fromXStart, fromOutput, xStartFromX, xStartFromOutput }: typeof kept) => [
        fromX + fromXStart * xStartFromX,
        fromOutput + fromXStart * xStartFromOutput,
      ];
      const [[a, b], [c, d]] = [terms(kept), terms(derived)] as [[number, number], [number, number]];
      t.true(
        Math.abs(a - c) < 1e-9 * (1 + Math.abs(c)) && Math.abs(b - d) < 1e-9 * (1 + Math.abs(d)),
        `step ${i}`,
      );
    }
  });
}

/** By the definition. */
function alphasCumprodOf({ numTimesteps, betaStart, betaEnd }: DiffusionConfig): number[] {
  let product = 1;
  return Array.from({ length: numTimesteps }, (_, i) => {
    product *= 1 - (betaStart + ((betaEnd - betaStart) * i) / (numTimesteps - 1));
    return product;
  });
}

test('the model is given the t of its own chain, scaled if it was trained so', (t) => {
  const config = { ...HO, numTimesteps: 4000, rescaleTimesteps: true };
  const { steps } = samplerPlan(config, { sampler: 'ddim', sampleSteps: 40, spacing: 'trailing' });
  t.deepEqual([steps[0]!.t, steps[0]!.modelT], [3999, 999.75]);
  t.deepEqual([steps[39]!.t, steps[39]!.modelT, steps[39]!.index], [99, 24.75, 0]);
});

test('a plan from an image noised to t starts there and keeps the names of the steps', (t) => {
  const whole = samplerPlan(HO, { sampler: 'ddpm' }).steps;
  const part = samplerPlan(HO, { sampler: 'ddpm', startT: 400 }).steps;
  t.deepEqual(part, whole.slice(599));
  t.is(part[0]!.t, 400);
});

test('an encoding plan is a sampling plan backwards', (t) => {
  const options = { sampleSteps: 25, spacing: 'trailing', clip: 'never' } as const;
  const up = encodePlan(HO, options).steps;
  const down = samplerPlan(HO, { sampler: 'ddim', ...options }).steps;
  t.deepEqual(
    up.map((s) => s.t),
    down
      .slice(1)
      .map((s) => s.t)
      .reverse(),
  );
  t.deepEqual(
    up.map((s) => s.index),
    Array.from({ length: 24 }, (_, i) => 23 - i),
  );
});

for (const [change, options] of [
  [{}, { sampler: 'ddpm', eta: 0.5 }],
  [{}, { sampler: 'ddim', eta: 1.5 }],
  [{}, { sampler: 'ddim', variance: 'fixedSmall' }],
  [
    { modelVarType: 'learnedRange', lossType: 'hybrid' },
    { sampler: 'ddpm', variance: 'fixedSmall' },
  ],
  [{}, { sampler: 'ddpm', startT: 1000 }],
  [{}, { sampler: 'ddpm', startT: 1.5 }],
  [{}, { sampler: 'ddim', sampleSteps: 1001 }],
  [{ modelMeanType: 'xPrev' }, { sampler: 'ddpm', sampleSteps: 100 }],
  [
    { modelVarType: 'learned', lossType: 'kl' },
    { sampler: 'ddpm', sampleSteps: 100 },
  ],
] as [Partial<DiffusionConfig>, SamplerOptions][]) {
  test(`refused: ${JSON.stringify(options)} ${JSON.stringify(change)}`, (t) => {
    t.true(
      isFleetError(
        t.throws(() => samplerPlan({ ...HO, ...change }, options)),
        'DDPM_ERR_SAMPLER',
      ),
    );
  });
}
