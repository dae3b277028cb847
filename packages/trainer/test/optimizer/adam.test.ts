import { readFileSync } from 'node:fs';
import { loadConfig, type OptimizerConfig } from '@ddpm-fleet/config';
import test from 'ava';
import { adamScalars, clipFactor } from '../../src/index.js';
import { validateAdam } from '../../src/optimizer/adam.js';

interface Trace {
  readonly grads: number[];
  readonly tf1: number[];
  readonly torch: number[];
}

interface Golden {
  readonly adam: Trace & {
    w0: number;
    lr: number;
    beta1: number;
    beta2: number;
    eps: number;
    tiny_gradient: Trace;
  };
  readonly grad_clip_two_replicas: {
    g1: number[];
    g2: number[];
    clip: number;
    per_replica_then_sum: number[];
    mean_then_clip: number[];
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/ddpm.json', import.meta.url), 'utf8'),
) as Golden;

function optimizer(...set: string[]): OptimizerConfig {
  return loadConfig({ set: set.map((pair) => `optimizer.${pair}`), env: {} }).optimizer;
}

/** One weight, in float64. */
function trace(config: OptimizerConfig, w0: number, grads: number[]): number[] {
  let [w, m, v] = [w0, 0, 0];
  return grads.map((g, step) => {
    const { stepSize, epsilon, decay } = adamScalars(config, step, config.lr);
    m += (1 - config.beta1) * (g - m);
    v += (1 - config.beta2) * (g * g - v);
    w -= decay * w;
    return (w -= (stepSize * m) / (Math.sqrt(v) + epsilon));
  });
}

test('trap 20: both places of epsilon, also where the gradient is as small as epsilon', (t) => {
  const { adam } = golden;
  const settings = [`lr=${adam.lr}`, `beta1=${adam.beta1}`, `beta2=${adam.beta2}`, `epsilon=${adam.eps}`];
  for (const [form, key] of [
    ['tf1', 'tf1'],
    ['pytorch', 'torch'],
  ] as const) {
    const config = optimizer(...settings, `epsilonForm=${form}`);
    for (const { grads, [key]: expected } of [adam, adam.tiny_gradient]) {
      trace(config, adam.w0, grads).forEach((w, i) =>
        t.true(Math.abs(w - expected[i]!) < 1e-12, `${form} ${i}`),
      );
    }
  }
});

test('AdamW decays the weight by lr * weightDecay before the step', (t) => {
  const config = optimizer(
    'kind=adamw',
    'lr=0.1',
    'weightDecay=0.01',
    'epsilonForm=pytorch',
    'epsilon=1e-12',
  );
  const [w] = trace(config, 2, [5]);
  t.true(Math.abs(w! - (2 * (1 - 0.001) - 0.1)) < 1e-9);
  t.is(adamScalars(optimizer('lr=0.1'), 0, 0.1).decay, 0);
});

test('settings that do nothing are refused', (t) => {
  t.throws(() => validateAdam(optimizer('weightDecay=0.1')), { message: /Use kind adamw/ });
  t.throws(() => validateAdam(optimizer('beta2=1')), { message: /below 1/ });
});

test('trap 21: clipping each replica and clipping the mean are two things', (t) => {
  const { g1, g2, clip, per_replica_then_sum, mean_then_clip } = golden.grad_clip_two_replicas;
  const clipped = (g: number[]): number[] => g.map((value) => value * clipFactor(Math.hypot(...g), clip));
  const meanOf = (a: number[], b: number[]): number[] => a.map((value, i) => (value + b[i]!) / 2);
  const close = (a: number[], b: number[]): void =>
    a.forEach((value, i) => t.true(Math.abs(value - b[i]!) < 1e-12));
  close(meanOf(clipped(g1), clipped(g2)), per_replica_then_sum);
  close(clipped(meanOf(g1, g2)), mean_then_clip);
  t.is(clipFactor(0, 1), 1);
  t.is(clipFactor(0.9, 1), 1);
});
