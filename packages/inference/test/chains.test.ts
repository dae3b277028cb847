import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import {
  COEFFICIENTS,
  device,
  guidedOutput,
  samplerPlan,
  samplerStep,
  type DiffusionConfig,
  type SamplerOptions,
} from '@ddpm-fleet/diffusion';
import type { Module, ProgramContext } from '@ddpm-fleet/engine';
import test from 'ava';
import { compiledEngine } from './support/tinyModel.js';

interface Chain extends SamplerOptions {
  readonly guidance?: number;
  readonly rescale?: number;
  readonly threshold?: number;
  readonly images: number[][][];
}

// Compiled tests run from packages/inference/dist/test.
const file = new URL('../../../../test/golden/sampler-chains.json', import.meta.url);
const { chains, values: VALUES } = JSON.parse(readFileSync(file, 'utf8')) as {
  chains: Chain[];
  values: number;
};

const HO: DiffusionConfig = {
  numTimesteps: 1000,
  betaSchedule: 'linear',
  betaStart: 1e-4,
  betaEnd: 0.02,
  modelMeanType: 'eps',
  modelVarType: 'fixedLarge',
  lossType: 'mse',
  rescaleTimesteps: false,
};

/** The eps function of test/golden/sampler-chains.py. */
function eps(x: tf.Tensor, t: tf.Tensor, label: number): tf.Tensor {
  const before = tf.concat([tf.slice(x, [0, VALUES - 1], [-1, 1]), tf.slice(x, [0, 0], [-1, VALUES - 1])], 1);
  const phase = tf.add(tf.add(tf.mul(x, 1.3), tf.mul(t, 0.002)), 0.5 * label);
  return tf.add(tf.mul(tf.sin(phase), 0.8), tf.mul(tf.cos(tf.mul(before, 0.7)), 0.3));
}

function step({ read, input }: ProgramContext, { guidance, rescale, threshold }: Chain) {
  const [x, t] = [read('x'), input('t')];
  const conditional = eps(x, t, guidance === undefined ? 0 : 1);
  const next = samplerStep(device, {
    x,
    output:
      guidance === undefined
        ? conditional
        : guidedOutput(device, {
            conditional,
            unconditional: eps(x, t, 0),
            scale: tf.tensor1d([guidance]),
            rescale: tf.tensor1d([rescale!]),
            channels: VALUES,
          }),
    noise: input('noise'),
    previousXStart: read('xStart'),
    coefficients: input('coefficients'),
    ...(threshold !== undefined && { threshold: { quantile: threshold, maximum: Infinity } }),
  });
  return { assign: { x: next.x, xStart: next.predXStart } };
}

function run(module: Module, { sampler, sampleSteps, spacing, eta, variance }: Chain): number[][][] {
  const both = (f: (image: number, j: number) => number): Float32Array =>
    Float32Array.from({ length: 2 * VALUES }, (_value, i) => f(Math.floor(i / VALUES), i % VALUES));
  module.writeVariable(
    'x',
    both((image, j) => 1.5 * Math.cos(1.7 * j + 2.1 * image)),
  );
  const options = { sampler, ...(sampleSteps && { sampleSteps }), ...(spacing && { spacing }) };
  const { steps } = samplerPlan(HO, { ...options, ...(eta && { eta }), ...(variance && { variance }) });
  const path = steps.map(({ modelT, index, coefficients }) => {
    const noise = both((image, j) => 1.2 * Math.sin(12.9898 * (index + 1) + 78.233 * (j + 1) + 3.7 * image));
    module.run('step', { t: Float32Array.of(modelT), coefficients, noise });
    return module.readVariable('x');
  });
  const at = (k: number): Float32Array => path[Math.floor((path.length * k) / 4) - 1]!;
  return [0, 1].map((i) => [1, 2, 3, 4].map((k) => [...at(k).slice(i * VALUES, (i + 1) * VALUES)]));
}

for (const chain of chains) {
  const { images, ...title } = chain;
  test.serial(
    `a compiled chain is the one computed independently in float64: ${JSON.stringify(title)}`,
    async (t) => {
      const engine = await compiledEngine();
      const shape = [2, VALUES];
      const module = await engine.load({
        name: 'chain',
        variables: { x: { shape }, xStart: { shape } },
        programs: {
          step: {
            inputs: {
              t: { shape: [1], dtype: 'float32' },
              coefficients: { shape: [COEFFICIENTS.length], dtype: 'float32' },
              noise: { shape, dtype: 'float32' },
            },
            body: (context) => step(context, chain),
          },
        },
      });
      const got = run(module, chain).flat(2);
      const worst = Math.max(...images.flat(2).map((want, i) => Math.abs(want - got[i]!)));
      t.true(worst < 2e-5, `${worst}`);
      module.dispose();
      await engine.dispose();
    },
  );
}
