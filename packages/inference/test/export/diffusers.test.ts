import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { checkpointDigest, writeSafetensors, type Tensor } from '@ddpm-fleet/checkpoint';
import { loadConfig } from '@ddpm-fleet/config';
import { isFleetError, makeLayout } from '@ddpm-fleet/core';
import { unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { exportDiffusers, importDiffusers, settingsOfDiffusers, torchTensors } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';
import { emptyModel, HELD, randomModel, SHAPES, tinyShape } from '../support/models.js';

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

for (const [settings, reason] of [
  [['diffusion.modelMeanType=xPrev'], /xPrev/],
  [['diffusion.modelVarType=learned'], /log-variance/],
  [['model.resampWithConv=false'], /without a convolution/],
  [['model.kind=zoubohao'], /zoubohao/],
  [['model.kind=zoubohao-conditional', 'model.numClasses=2'], /zoubohao-conditional/],
  [['diffusion.selfConditioning=true'], /self-conditioning/],
  [['diffusion.rescaleTimesteps=true'], /does not rescale/],
  [['model.chMult=[2,4]'], /begins with 2/],
  [['model.numHeads=2', 'model.attnResolutions=[8]'], /heads of 4 and 8 channels/],
] as const) {
  test(`refused with the reason, both ways: ${settings.join(' ')}`, async (t) => {
    const base = emptyModel(tinyShape());
    const folder = temporaryDirectory(t);
    await exportDiffusers(base, folder);
    const model = emptyModel(tinyShape(settings));
    const exported = await t.throwsAsync(
      exportDiffusers(model, join(temporaryDirectory(t), 'never-written')),
    );
    t.true(isFleetError(exported, 'DDPM_ERR_EXPORT_DIFFUSERS'));
    t.regex(exported!.message, reason);
    const imported = await t.throwsAsync(importDiffusers(folder, model));
    t.true(isFleetError(imported, 'DDPM_ERR_IMPORT_DIFFUSERS'));
    t.regex(imported!.message, reason);
  });
}

for (const settings of HELD) {
  test(`goes out and comes back to the bit, its settings read off the folder: ${settings.join(' ')}`, async (t) => {
    const model = randomModel(tinyShape(settings));
    const folder = temporaryDirectory(t);
    await exportDiffusers(model, folder);
    t.is(existsSync(join(folder, 'model_index.json')), model.config.model.numClasses === 0);
    const config = loadConfig({ env: {}, set: await settingsOfDiffusers(folder) });
    const { size, channels } = config.data;
    t.deepEqual({ size, channels }, model.image);
    const layout = makeLayout(unetParams(unetConfigOf(config, model.image)));
    t.is(layout.hash, model.layout.hash);
    t.deepEqual(await importDiffusers(folder, { config, image: model.image, layout }), model.weights);
  });
}

const UNET = 'unet/config.json';
const SCHEDULER = 'scheduler/scheduler_config.json';

for (const [file, change, reason] of [
  [UNET, { attn_norm_num_groups: 2 }, /attn_norm_num_groups 2 there, 4 here/],
  [UNET, { num_class_embeds: 3 }, /num_class_embeds 3 there, model\.numClasses 0 here/],
  [UNET, { class_embed_type: 'timestep' }, /class_embed_type "timestep" there/],
  [UNET, { mid_block_type: null }, /mid_block_type null there/],
  [UNET, { mid_block_type: 'UNetMidBlock2DSimpleCrossAttn' }, /mid_block_type/],
  [UNET, { something_new: true }, /something_new true there, null here/],
  [UNET, { norm_eps: undefined }, /norm_eps 0\.00001 there, 0\.000001 here/],
  [UNET, { down_block_types: ['DownBlock2D', 'DownBlock2D'] }, /down_block_types/],
  [SCHEDULER, { rescale_betas_zero_snr: true }, /rescale_betas_zero_snr/],
  [SCHEDULER, { trained_betas: Array.from({ length: 50 }, () => 0.01) }, /trained_betas/],
  [SCHEDULER, { beta_schedule: 'scaled_linear' }, /beta_schedule "scaled_linear" there, "linear" here/],
] as const) {
  test(`a folder with ${inspect(change, { breakLength: Infinity, maxArrayLength: 1 })} is refused by name`, async (t) => {
    const model = randomModel(tinyShape());
    const folder = temporaryDirectory(t);
    await exportDiffusers(model, folder);
    const path = join(folder, file);
    const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...json, ...change }));
    const error = await t.throwsAsync(importDiffusers(folder, model));
    t.true(isFleetError(error, 'DDPM_ERR_IMPORT_DIFFUSERS'));
    t.regex(error!.message, reason);
  });
}

test('weights in shards and in half precision are read; a pickle is refused with the way out', async (t) => {
  const model = randomModel(tinyShape());
  const folder = temporaryDirectory(t);
  await exportDiffusers(model, folder);
  const unet = join(folder, 'unet');
  const whole = join(unet, 'diffusion_pytorch_model.safetensors');
  const tensors = torchTensors(model);
  const shards = [tensors.slice(0, 9), tensors.slice(9)];
  const map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const name = `diffusion_pytorch_model-0000${i + 1}-of-00002.safetensors`;
    await writeSafetensors(join(unet, name), shard);
    for (const tensor of shard) map[tensor.name] = name;
  }
  rmSync(whole);
  const index = join(unet, 'diffusion_pytorch_model.safetensors.index.json');
  writeFileSync(index, JSON.stringify({ weight_map: map }));
  t.deepEqual(await importDiffusers(folder, model), model.weights);
  writeFileSync(index, JSON.stringify({ weight_map: { a: '../elsewhere.safetensors' } }));
  await t.throwsAsync(importDiffusers(folder, model), { message: /weight_map names \.\.\/elsewhere/ });
  rmSync(index);
  writeFileSync(join(unet, 'diffusion_pytorch_model.bin'), '');
  await t.throwsAsync(importDiffusers(folder, model), { message: /a Python pickle.*safe_serialization/ });
});

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
  writeFileSync(scheduler, JSON.stringify({ ...json, beta_schedule: 'linear' }));
  const error = await t.throwsAsync(importDiffusers(folder, model));
  t.true(isFleetError(error, 'DDPM_ERR_IMPORT_DIFFUSERS'));
  t.regex(error!.message, /beta_schedule "linear" there, "squaredcos_cap_v2" here/);
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
  t.regex(await refusal(other(new Float32Array(3), [3])), /is \[3\], and \[[\d, ]+\] is needed/);
  t.regex(await refusal(other(new Float32Array(count).fill(NaN))), /holds NaN \(element 0\)/);
});
