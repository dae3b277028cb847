import test from 'ava';
import {
  pSampleLoop,
  pSampleLoopProgressive,
  pSampleSteps,
  progressSlot,
  runPlan,
  samplerPlan,
  GaussianDiffusion,
  type DiffusionModel,
} from '../../src/index.js';
import { HO } from '../support/diffusions.js';
import { close, eachArithmetic, given, golden, type Subject } from '../support/golden.js';

const T = 60;
const config = { ...HO, numTimesteps: T, betaStart: 1e-3, betaEnd: 0.2, modelVarType: 'fixedSmall' } as const;

function chain<T>(subject: Subject<T>) {
  const { arithmetic } = subject;
  const diffusion = GaussianDiffusion.fromConfig(arithmetic, config);
  const model: DiffusionModel<T> = (x, t) => {
    const perImage = arithmetic.reshape(
      arithmetic.affine(arithmetic.lookup(range, t), 1 / 60, 0.2),
      [2, 1, 1, 1],
    );
    return arithmetic.mul(x, perImage);
  };
  const noise = (t: number) => given(subject, wave(t));
  const xT = given(subject, wave(99));
  return { diffusion, args: { model, noise, xT } };
}

const range = Float64Array.from({ length: T }, (_, i) => i);

function wave(t: number): number[][][][] {
  return [0, 1].map((b) => [[[Math.sin(t + b), Math.cos(3 * t - b)]]]);
}

eachArithmetic((subject) => {
  test(`${subject.name}: the loop visits T - 1 down to 0 and is its own plan`, (t) => {
    const { diffusion, args } = chain(subject);
    t.deepEqual(
      [...pSampleSteps(diffusion, args)].map((s) => s.t),
      [...range].reverse(),
    );
    const plan = samplerPlan(config, { sampler: 'ddpm' });
    const planned = runPlan(subject.arithmetic, { plan, ...args });
    close(t, subject, pSampleLoop(diffusion, args), subject.values(planned.sample), 'image');
  });

  test(`${subject.name}: images at the last step get no noise`, (t) => {
    const { diffusion, args } = chain(subject);
    const noise = (at: number) =>
      at === 0
        ? given(
            subject,
            wave(0).map(() => [[[1e6, 1e6]]]),
          )
        : args.noise(at);
    t.deepEqual(
      subject.values(pSampleLoop(diffusion, { ...args, noise })),
      subject.values(pSampleLoop(diffusion, args)),
    );
  });

  test(`${subject.name}: progress holds the prediction of the last step of each slot`, (t) => {
    const { diffusion, args } = chain(subject);
    const steps = [...pSampleSteps(diffusion, args)];
    const { sample, progress } = pSampleLoopProgressive(diffusion, { ...args, every: 25 });
    t.is(progress.length, 2);
    for (const slot of [0, 1]) {
      const at = steps.find((s) => s.t === slot * 25)!;
      t.deepEqual(subject.values(progress[slot]), subject.values(at.predXStart));
    }
    t.deepEqual(subject.values(sample), subject.values(steps.at(-1)!.sample));
  });
});

test('slots of the progress', (t) => {
  const { T: whole, include_xstartpred_freq: every, slots, slot_of_i: slotOf } = golden.progressive_index;
  for (const [at, slot] of Object.entries(slotOf))
    t.is(progressSlot(Number(at), every, whole), slot as number);
  const used = new Set(Array.from({ length: whole }, (_, at) => progressSlot(at, every, whole)));
  t.is(used.size, slots);
  t.is(progressSlot(1000, 50, 1010), undefined);
  t.is(progressSlot(999, 50, 1010), 19);
});
