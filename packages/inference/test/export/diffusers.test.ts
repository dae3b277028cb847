import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointDigest, writeSafetensors, type Tensor } from '@ddpm-fleet/checkpoint';
import { loadConfig } from '@ddpm-fleet/config';
import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { exportDiffusers, importDiffusers, torchTensors } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';
import { emptyModel, randomModel, SHAPES, tinyShape } from '../support/models.js';

test('every parameter has a diffusers name of its own, and shapes are PyTorch’s', (t) => {
  const model = emptyModel(SHAPES.cifar10);
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
    const base = emptyModel(tinyShape());
    const model = { ...base, config: loadConfig({ env: {}, set: [...tinyShape().set, setting] }) };
    const error = await t.throwsAsync(exportDiffusers(model, join(temporaryDirectory(t), 'never-written')));
    t.true(isFleetError(error, 'DDPM_ERR_EXPORT_DIFFUSERS'));
    t.regex(error!.message, reason);
  });
}

test('what is exported comes back to the bit; another schedule or a missing tensor is refused', async (t) => {
  const model = randomModel(SHAPES.quickstart);
  const folder = temporaryDirectory(t);
  await exportDiffusers(model, folder);
  const imported = await importDiffusers(folder, model);
  t.deepEqual(imported, model.weights);
  const digest = (params: Float32Array): string => {
    const [m, v] = [new Float32Array(params.length), new Float32Array(params.length)];
    const state = { globalStep: 0, params, optimizer: { m, v }, emas: [], derived: [] };
    return checkpointDigest(state, model.layout);
  };
  t.is(digest(imported), digest(model.weights));
  t.log(`digest before ${digest(model.weights)}, after ${digest(imported)}`);
  const scheduler = join(folder, 'scheduler', 'scheduler_config.json');
  const json = JSON.parse(readFileSync(scheduler, 'utf8')) as Record<string, unknown>;
  writeFileSync(scheduler, JSON.stringify({ ...json, beta_end: 0.03 }));
  const error = await t.throwsAsync(importDiffusers(folder, model));
  t.true(isFleetError(error, 'DDPM_ERR_IMPORT_DIFFUSERS'));
  t.regex(error!.message, /beta_end 0\.03 there, 0\.02 here/);
});

test('what an import asks for and what is there are compared both ways', async (t) => {
  const model = randomModel(tinyShape());
  const whole = torchTensors(model);
  const refusal = async (tensors: readonly Tensor[]): Promise<string> => {
    const folder = temporaryDirectory(t);
    await exportDiffusers(model, folder);
    await writeSafetensors(join(folder, 'unet', 'diffusion_pytorch_model.safetensors'), tensors);
    const error = await t.throwsAsync(importDiffusers(folder, model));
    t.true(isFleetError(error, 'DDPM_ERR_IMPORT_DIFFUSERS'), String(error));
    return error!.message;
  };
  const [first, ...rest] = whole as [Tensor, ...Tensor[]];
  const other = (values: Tensor['values'], shape = first.shape): Tensor[] => [
    { ...first, values, shape },
    ...rest,
  ];
  const count = first.values.length;
  t.regex(await refusal(rest), new RegExp(`${first.name} is missing`));
  const more = { name: 'more', shape: [1], values: new Float32Array(1) };
  t.regex(
    await refusal([...whole, more]),
    /holds 1 tensor\(s\) that the model of the config has not, e\.g\. more/,
  );
  t.regex(await refusal(other(new Float64Array(count))), /is of Float64Array, and floats are needed/);
  t.regex(await refusal(other(new Float32Array(3), [3])), /is \[3\], and \d+ elements are needed/);
  t.regex(await refusal(other(new Float32Array(count).fill(NaN))), /holds NaN \(element 0\)/);
});
