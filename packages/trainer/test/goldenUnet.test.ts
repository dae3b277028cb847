import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { openEngine, type Engine, type ModuleSpec } from '@ddpm-fleet/engine';
import { joinParams, splitParams, unet, unetParams } from '@ddpm-fleet/model';
import {
  goldenDeviations,
  goldenProblem,
  type GoldenProblem,
  type GoldenRun,
  type GoldenUNet,
} from '@ddpm-fleet/model/conformance';
import { makeLayout, viewOf } from '@ddpm-fleet/core';
import test from 'ava';

const cases = ['unet.json', 'unet-variants.json'].flatMap((file) => {
  const text = readFileSync(new URL(`../../../../test/golden/${file}`, import.meta.url), 'utf8');
  return Object.entries((JSON.parse(text) as { cases: Record<string, GoldenUNet> }).cases);
});

/** What convolutions round is the library's and the processor's affair. */
const SLACK = 2;

const ENGINES = { compiled: true, eager: false };

for (const [name, compiled] of Object.entries(ENGINES)) {
  test.serial(`on the ${name} engine every UNet has the golden output, losses and gradients`, async (t) => {
    const engine = await openEngine({ kind: 'tensorflow', compiled, precision: 'float32', threads: 1 });
    for (const [caseName, golden] of cases) {
      const deviations = goldenDeviations(golden, await run(engine, goldenProblem(golden)), SLACK);
      t.deepEqual(deviations, [], caseName);
    }
    await engine.dispose();
  });
}

test.serial(
  'on the wasm engine the UNet of Ho et al. has the golden output, losses and gradients',
  async (t) => {
    const engine = await openEngine({ kind: 'wasm', compiled: false, precision: 'float32', threads: 1 });
    const golden = Object.fromEntries(cases)['rgb8']!;
    t.deepEqual(goldenDeviations(golden, await run(engine, goldenProblem(golden))), []);
    await engine.dispose();
  },
);

async function run(engine: Engine, problem: GoldenProblem): Promise<GoldenRun> {
  const { config, weights, x, target, t, labels } = problem;
  const layout = makeLayout(unetParams(config));
  const module = await engine.load(moduleOf(problem));
  module.writeVariable('params', Float32Array.from([...weights.values()].flatMap((values) => [...values])));
  const out = module.run('run', { x, target, t, ...(labels && { labels }) });
  const flat = module.readVariable('grad');
  module.dispose();
  return {
    output: out['output'] as Float32Array,
    lossPerImage: out['loss'] as Float32Array,
    grads: new Map(layout.entries.map((entry) => [entry.name, viewOf(flat, entry)])),
  };
}

/** The UNet and its gradient as one program over flat parameters, as the trainer has it. */
function moduleOf({ config, shape, t, labels }: GoldenProblem): ModuleSpec {
  const layout = makeLayout(unetParams(config));
  const [B, H, W] = shape;
  const flat = { shape: [layout.size] };
  return {
    name: 'golden',
    variables: { params: flat, grad: flat },
    programs: {
      run: {
        inputs: {
          x: { shape, dtype: 'float32' },
          target: { shape: [B, H, W, config.outChannels], dtype: 'float32' },
          t: { shape: [B], dtype: t instanceof Int32Array ? 'int32' : 'float32' },
          ...(labels && { labels: { shape: [B], dtype: 'int32' } }),
        },
        body({ input, read }) {
          const params = splitParams(read('params'), layout);
          const names = [...params.keys()];
          const outputOf = (values: tf.Tensor[]): tf.Tensor => {
            const byName = new Map(names.map((name, i) => [name, values[i]!]));
            const options = labels ? { label: input('labels') as tf.Tensor1D } : {};
            return unet(
              config,
              (name) => byName.get(name)!,
              input('x') as tf.Tensor4D,
              input('t') as tf.Tensor1D,
              options,
            );
          };
          const lossOf = (output: tf.Tensor): tf.Tensor =>
            tf.mean(tf.squaredDifference(input('target'), output), [1, 2, 3]);
          const { grads } = tf.valueAndGrads(
            (...values: tf.Tensor[]) => tf.mean(lossOf(outputOf(values))) as tf.Scalar,
          )([...params.values()]);
          const output = outputOf([...params.values()]);
          return { outputs: { output, loss: lossOf(output) }, assign: { grad: joinParams(grads) } };
        },
      },
    },
  };
}
