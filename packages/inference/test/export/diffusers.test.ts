import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '@ddpm-fleet/config';
import { drawNormal, isFleetError, makeLayout } from '@ddpm-fleet/core';
import { float64, ndArray, samplerPlan, samplerStep } from '@ddpm-fleet/diffusion';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { initParams, unet, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import type * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { exportDiffusers, importDiffusers, torchTensors, type TrainedModel } from '../../src/index.js';

const run = promisify(execFile);
const PYTHON = process.env['DDPM_TEST_DIFFUSERS_PYTHON'];
const SCRIPT = fileURLToPath(new URL('../../../test/export/check_diffusers.py', import.meta.url));

const SHAPES: Record<string, { size: number; channels: number; set: string[] }> = {
  quickstart: {
    size: 16,
    channels: 3,
    set: [
      'model.ch=32',
      'model.chMult=[1,2,2]',
      'model.numResBlocks=1',
      'model.attnResolutions=[8]',
      'diffusion.modelVarType=fixedSmall',
    ],
  },
  'fashion-mnist': {
    size: 28,
    channels: 1,
    set: [
      'model.ch=32',
      'model.chMult=[1,2,2]',
      'model.numResBlocks=2',
      'model.attnResolutions=[14]',
      'diffusion.betaSchedule=cosine',
    ],
  },
  cifar10: { size: 32, channels: 3, set: [] },
};

/** Random weights everywhere, biases and gammas too, so that no mistake in a name or layout can hide. */
function randomModel({ size, channels, set }: (typeof SHAPES)[string]): TrainedModel {
  const config = loadConfig({ env: {}, set: [...set, `data.size=${size}`, `data.channels=${channels}`] });
  const image = { size, channels };
  const specs = unetParams(unetConfigOf(config, image));
  const layout = makeLayout(specs);
  const noise = drawNormal({ seed: 1, purpose: 99, counter: 0n }, 1, layout.size);
  const weights = initParams(specs, 3).map((w, i) => (Math.abs(w) < 1e-6 ? w * 5e5 : w) + 0.01 * noise[i]!);
  return { config, image, layout, weights };
}

test('every parameter has a diffusers name of its own, and shapes are PyTorch’s', (t) => {
  const model = randomModel(SHAPES['cifar10']!);
  const tensors = torchTensors(model);
  t.is(tensors.length, model.layout.entries.length);
  t.is(new Set(tensors.map(({ name }) => name)).size, tensors.length);
  t.is(
    tensors.reduce((sum, { values }) => sum + values.length, 0),
    35_746_307,
  );
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  t.deepEqual(shapes.get('up_blocks.0.resnets.0.conv1.weight'), [256, 512, 3, 3]);
  t.deepEqual(shapes.get('up_blocks.2.resnets.2.conv1.weight'), [256, 384, 3, 3]);
  t.deepEqual(shapes.get('down_blocks.1.resnets.0.conv_shortcut.weight'), [256, 128, 1, 1]);
  t.deepEqual(shapes.get('mid_block.attentions.0.to_out.0.weight'), [256, 256]);
  t.deepEqual(shapes.get('time_embedding.linear_1.weight'), [512, 128]);
});

for (const [setting, reason] of [
  ['diffusion.modelMeanType=xPrev', /xPrev/],
  ['diffusion.modelVarType=learned', /log-variance/],
  ['model.resampWithConv=false', /without a convolution/],
  ['model.numClasses=10', /classes/],
  ['model.kind=improved', /improved/],
  ['diffusion.selfConditioning=true', /self-conditioning/],
] as const) {
  test(`refused with the reason: ${setting}`, async (t) => {
    const shape = SHAPES['quickstart']!;
    const base = randomModel(shape);
    const model = { ...base, config: loadConfig({ env: {}, set: [...shape.set, setting] }) };
    const error = await t.throwsAsync(exportDiffusers(model, join(tmpdir(), 'never-written')));
    t.true(isFleetError(error, 'DDPM_ERR_EXPORT_DIFFUSERS'));
    t.regex(error!.message, reason);
  });
}

/** Of outputs of size about 3; tight enough that no wrong setting passes. */
const TOLERANCE = 1e-4;

interface Checked {
  readonly tensors: number;
  readonly output: number;
  readonly step: number;
}

async function exportAndCheck(model: TrainedModel, spoil?: (folder: string) => void): Promise<Checked> {
  const folder = mkdtempSync(join(tmpdir(), 'ddpm-diffusers-'));
  await exportDiffusers(model, folder);
  spoil?.(folder);
  const cases = join(folder, 'cases.json');
  writeFileSync(cases, JSON.stringify(await ourOutputs(model)));
  const { stdout } = await run(PYTHON!, [SCRIPT, folder, cases]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Checked;
}

async function ourOutputs(model: TrainedModel): Promise<Record<string, unknown>> {
  const { config, image, layout, weights } = model;
  const shape = [2, image.size, image.size, image.channels] as [number, number, number, number];
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  const x = drawNormal({ seed: 2, purpose: 99, counter: 0n }, 2, size);
  const noise = drawNormal({ seed: 3, purpose: 99, counter: 0n }, 2, size);
  const engine: Engine = await openEngine({
    kind: 'tensorflow',
    compiled: true,
    precision: 'float32',
    threads: 2,
  });
  const variables = Object.fromEntries(layout.entries.map(({ name, shape: s }) => [name, { shape: s }]));
  const unetConfig = unetConfigOf(config, image);
  const module = await engine.load({
    name: 'outputs',
    variables,
    programs: {
      unet: {
        inputs: { x: { shape, dtype: 'float32' }, t: { shape: [2], dtype: 'int32' } },
        body: (c) => ({
          outputs: {
            y: unet(
              unetConfig,
              (name) => c.read(name),
              c.input('x') as tf.Tensor4D,
              c.input('t') as tf.Tensor1D,
            ),
          },
        }),
      },
    },
  });
  for (const { name, offset, size: n } of layout.entries)
    module.writeVariable(name, weights.slice(offset, offset + n));
  const output = (t: number): Float32Array =>
    module.run('unet', { x, t: Int32Array.of(t, t) })['y'] as Float32Array;
  const cases = [0, 3, 250, 741, 999].map((t) => ({ t, output: [...output(t)] }));
  const at = samplerPlan(config.diffusion, { sampler: 'ddpm' }).steps.find(({ t }) => t === 741)!;
  const next = samplerStep(float64, {
    x: ndArray([...x], shape),
    output: ndArray([...output(741)], shape),
    noise: ndArray([...noise], shape),
    coefficients: ndArray([...at.coefficients], [at.coefficients.length]),
  }).x;
  await engine.dispose();
  return {
    x: [...x],
    shape,
    outChannels: unetConfig.outChannels,
    cases,
    step: { t: 741, noise: [...noise], next: [...next.data] },
  };
}

const withDiffusers = PYTHON ? test.serial : test.serial.skip;
if (!PYTHON)
  console.log('diffusers is compared only when DDPM_TEST_DIFFUSERS_PYTHON names a Python that has it');

for (const [name, shape] of Object.entries(SHAPES)) {
  withDiffusers(`${name}: the real diffusers computes the same`, async (t) => {
    t.timeout(300_000);
    const model = randomModel(shape);
    const checked = await exportAndCheck(model);
    t.log(JSON.stringify(checked));
    t.is(checked.tensors, model.layout.entries.length);
    t.true(checked.output < TOLERANCE, `outputs differ by ${checked.output}`);
    t.true(checked.step < 1e-5, `a step differs by ${checked.step}`);
  });
}

for (const [key, value] of [
  ['norm_eps', 1e-5],
  ['flip_sin_to_cos', true],
  ['freq_shift', 0],
  ['downsample_padding', 1],
  ['attention_head_dim', 8],
] as const) {
  withDiffusers(`a silent wrong setting is found: ${key} ${value}`, async (t) => {
    t.timeout(300_000);
    const checked = await exportAndCheck(randomModel(SHAPES['quickstart']!), (folder) => {
      const path = join(folder, 'unet', 'config.json');
      const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      writeFileSync(path, JSON.stringify({ ...json, [key]: value }));
    });
    t.log(checked.output);
    t.true(checked.output > TOLERANCE, `${checked.output}`);
  });
}

test('what is exported comes back to the bit; another schedule or a missing tensor is refused', async (t) => {
  const model = randomModel(SHAPES['quickstart']!);
  const folder = mkdtempSync(join(tmpdir(), 'ddpm-diffusers-'));
  await exportDiffusers(model, folder);
  t.deepEqual(await importDiffusers(folder, model), model.weights);
  const scheduler = join(folder, 'scheduler', 'scheduler_config.json');
  const json = JSON.parse(readFileSync(scheduler, 'utf8')) as Record<string, unknown>;
  writeFileSync(scheduler, JSON.stringify({ ...json, beta_end: 0.03 }));
  const error = await t.throwsAsync(importDiffusers(folder, model));
  t.true(isFleetError(error, 'DDPM_ERR_IMPORT_DIFFUSERS'));
  t.regex(error!.message, /beta_end 0\.03 there, 0\.02 here/);
});
