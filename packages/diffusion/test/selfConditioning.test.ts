import * as tf from '@tensorflow/tfjs';
import test from 'ava';
import { device, GaussianDiffusion, selfConditioned } from '../src/index.js';
import { HO } from './support/diffusions.js';
import { close, eachArithmetic, given, onDevice } from './support/golden.js';

const pixels = [[[[0.5, -0.25]]], [[[0.1, 0.9]]]];

eachArithmetic((subject) => {
  test(`${subject.name}: the step's coin decides whether the network sees its own guess`, (t) => {
    const { arithmetic } = subject;
    const diffusion = GaussianDiffusion.fromConfig(arithmetic, { ...HO, modelMeanType: 'v' });
    const ts = arithmetic.timesteps([10, 900]);
    const xT = given(subject, pixels);
    const seen: unknown[] = [];
    const model = (x: unknown, _t: unknown, previous: unknown) => {
      seen.push(previous);
      return arithmetic.affine(x, 0.5);
    };
    const guess = diffusion.predictXStartFromV(xT, ts, arithmetic.affine(xT, 0.5));
    for (const coin of [0, 1]) {
      seen.length = 0;
      selfConditioned(diffusion, model, { t: ts, coin: given(subject, [coin]) })(xT, ts);
      close(t, subject, seen[0], [0, 0, 0, 0], 'first');
      close(
        t,
        subject,
        seen[1],
        subject.values(guess).map((g) => coin * g),
        'second',
      );
    }
  });
});

test('no gradient flows through the guess', (t) => {
  const diffusion = GaussianDiffusion.fromConfig(device, { ...HO, modelMeanType: 'xStart' });
  const ts = device.timesteps([10, 900]);
  const xT = given(onDevice, pixels);
  const total = (w: tf.Tensor) => {
    const model = (x: tf.Tensor, _t: tf.Tensor, previous: tf.Tensor) =>
      tf.mul(w, tf.add(x, tf.mul(previous, 3)));
    return tf.sum(selfConditioned(diffusion, model, { t: ts, coin: tf.tensor1d([1]) })(xT, ts)) as tf.Scalar;
  };
  // sum w (x + 3 (w x)), the inner w x a constant: x + 3 w x
  const sum = pixels.flat(3).reduce((a, b) => a + b);
  const [gradient] = tf
    .grad(total)(tf.tensor1d([0.5]))
    .dataSync();
  t.true(Math.abs(gradient! - (sum + 1.5 * sum)) < 1e-5, `${gradient}`);
});
