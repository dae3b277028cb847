import test from 'ava';
import {
  GaussianDiffusion,
  interpolate,
  mixLatents,
  pSampleLoop,
  pSampleLoopTrajectory,
} from '../../src/index.js';
import { HO } from '../support/diffusions.js';
import { close, eachArithmetic, given, near, type Subject } from '../support/golden.js';

const config = { ...HO, numTimesteps: 20, betaStart: 0.005, betaEnd: 0.5 };

function chain<T>(subject: Subject<T>) {
  const { arithmetic } = subject;
  const diffusion = GaussianDiffusion.fromConfig(arithmetic, config);
  const drawn = (seed: number) =>
    given(
      subject,
      [1, 2, 3].map((b) => [[[Math.sin(7 * seed + 11 * b)]]]),
    );
  const visited: number[] = [];
  const noise = (t: number) => {
    visited.push(t);
    return drawn(t);
  };
  return {
    diffusion,
    visited,
    drawn,
    args: { model: (x: T) => arithmetic.affine(x, 0.5), noise, xT: drawn(100) },
  };
}

eachArithmetic((subject) => {
  const distinct = (a: unknown) => new Set(subject.values(a)).size;

  test(`${subject.name}: a trajectory has T + 1 images and their times`, (t) => {
    const { diffusion, args } = chain(subject);
    const { times, images } = pSampleLoopTrajectory(diffusion, args);
    t.deepEqual(
      times,
      Array.from({ length: 21 }, (_, i) => 19 - i),
    );
    t.is(images.length, 21);
    t.is(images[0], args.xT);
    t.deepEqual(subject.values(images[20]), subject.values(pSampleLoop(diffusion, args)));
  });

  test(`${subject.name}: steps that share their noise keep the batch together`, (t) => {
    const { diffusion, args } = chain(subject);
    const { images } = pSampleLoopTrajectory(diffusion, { ...args, repeatNoiseSteps: 4 });
    t.deepEqual(images.slice(0, 5).map(distinct), [1, 1, 1, 1, 1]);
    t.is(distinct(images[5]), 3);
    const none = pSampleLoopTrajectory(diffusion, { ...args, repeatNoiseSteps: 0 }).images;
    t.deepEqual([distinct(none[0]), distinct(none[1])], [1, 3]);
    const all = pSampleLoopTrajectory(diffusion, { ...args, repeatNoiseSteps: 50 }).images;
    t.is(distinct(all[20]), 1);
  });

  test(`${subject.name}: interpolation starts at t inclusive, from both ends noised independently`, (t) => {
    const { diffusion, args, drawn, visited } = chain(subject);
    const [x1, x2] = [
      given(
        subject,
        [1, 1, 1].map(() => [[[0.5]]]),
      ),
      given(
        subject,
        [1, 1, 1].map(() => [[[-0.25]]]),
      ),
    ];
    const lambda = given(subject, [[[[0]]], [[[0.25]]], [[[1]]]]);
    const [noise1, noise2] = [drawn(1), drawn(2)];
    const { model, noise } = args;
    const got = interpolate(diffusion, { model, noise, x1, x2, lambda, t: 7, noise1, noise2 });
    t.deepEqual(visited, [7, 6, 5, 4, 3, 2, 1, 0]);
    const ts = subject.arithmetic.timesteps([7, 7, 7]);
    const [a, b] = [diffusion.qSample(x1, ts, noise1), diffusion.qSample(x2, ts, noise2)];
    const from = subject.values(a).map((v, i) => v + [0, 0.25, 1][i]! * (subject.values(b)[i]! - v));
    const xT = given(
      subject,
      from.map((v) => [[[v]]]),
    );
    const want = pSampleLoop(diffusion, { model, noise, xT, startT: 7 });
    close(t, subject, got, subject.values(want), 'interpolated');
  });

  test(`${subject.name}: a mix of constant variance is as noisy as its ends`, (t) => {
    const { arithmetic } = subject;
    const [one, zero] = [given(subject, [[[[1]]]]), given(subject, [[[[0]]]])];
    for (const lambda of [0, 0.2, 0.5, 1]) {
      const l = given(subject, [lambda]);
      const weight = (a: unknown, b: unknown, mix?: 'linear' | 'constantVariance') =>
        subject.values(mixLatents(arithmetic, a, b, l, mix))[0]!;
      const [w1, w2] = [weight(one, zero, 'constantVariance'), weight(zero, one, 'constantVariance')];
      near(t, subject, w1 * w1 + w2 * w2, 1, `lambda ${lambda}`);
      near(t, subject, weight(one, zero), 1 - lambda, 'linear');
      near(t, subject, weight(zero, one), lambda, 'linear');
    }
  });
});
