import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openAverages, openStore, readSafetensors } from '@ddpm-fleet/checkpoint';
import { configYaml, loadConfig } from '@ddpm-fleet/config';
import { makeLayout } from '@ddpm-fleet/core';
import { initParams, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const HASH = 'ab'.repeat(32);
const SETTINGS = TINY.filter((word) => word !== '--set');

/** A checkpoint at step 7 as a run publishes it, without the run. */
async function checkpoint(set: readonly string[] = [], spoil?: number): Promise<string> {
  const config = loadConfig({ env: {}, set: [...SETTINGS, 'name=tiny', 'ema.decays=[0.99]', ...set] });
  const specs = unetParams(unetConfigOf(config, { size: 8, channels: 3 }));
  const layout = makeLayout(specs);
  const params = initParams(specs, 1);
  if (spoil !== undefined) params[3] = spoil;
  const zeros = new Float32Array(layout.size);
  const dir = join(scratch(), 'checkpoints');
  await openStore(dir).publish({
    state: {
      globalStep: 7,
      params,
      optimizer: { m: zeros, v: zeros },
      emas: [{ decay: 0.99, values: params.map((value) => value / 2) }],
      derived: [],
    },
    layout,
    meta: {
      ...{
        runId: 'run-of-the-test',
        createdAt: '2026-01-02T03:04:05.000Z',
        identity: {},
        identityHash: HASH,
      },
      ...{ datasetHash: HASH, dataset: { name: 'ramps', licence: 'no rights reserved' } },
      ...{ engine: { kind: 'tensorflow' }, configYaml: configYaml(config), losses: { heldOut: 0.125 } },
    },
  });
  return join(dir, 'step-00000007');
}

test('every format comes with a card that says what it is, of what data, and how to load it', async (t) => {
  const target = await checkpoint();
  for (const [format, file, how] of [
    ['safetensors', 'ema-0.99.safetensors', /load_file\("ema-0\.99\.safetensors"\)/],
    ['diffusers', 'unet/diffusion_pytorch_model.safetensors', /num_inference_steps=50/],
    ['savedmodel', 'saved_model.pb', /tf\.saved_model\.load/],
    ['tfjs', 'model.json', /tf\.loadGraphModel/],
  ] as const) {
    const out = join(scratch(), format);
    const run = await ddpmFleet(['export', target, '--format', format, '--out', out]);
    t.is(run.code, 0, run.stderr);
    t.true(existsSync(join(out, file)), file);
    t.true(run.stdout.includes(join(out, file)), run.stdout);
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    t.regex(card, how);
    for (const fact of [
      '# tiny: ema-0.99 at step 7',
      'no rights reserved',
      `ramps, sha256 \`${HASH}\``,
      '0.12500',
    ])
      t.true(card.includes(fact), `${format}: ${fact}`);
    t.regex(card, /numTimesteps: 50/, 'the config');
  }
});

test('raw weights and those of an EMA are told apart, and a grid is drawn if it is asked for', async (t) => {
  const target = await checkpoint();
  const out = join(scratch(), 'web');
  const run = await ddpmFleet(['export', target, '--format', 'tfjs', '--weights', 'raw', '--grid', '2', '--out', out]); // prettier-ignore
  t.is(run.code, 0, run.stderr);
  t.is(readFileSync(join(out, 'samples.png')).toString('latin1', 1, 4), 'PNG');
  t.regex(
    readFileSync(join(out, 'README.md'), 'utf8'),
    /# tiny: raw at step 7[^]*!\[samples\]\(samples\.png\)/,
  );
  const ema = join(scratch(), 'web');
  await ddpmFleet(['export', target, '--format', 'tfjs', '--out', ema]);
  const weights = (dir: string): Buffer => readFileSync(join(dir, 'group1-shard1of1.bin'));
  t.false(weights(out).equals(weights(ema)));
});

test('an average that was not tracked is made of snapshots, and its card says how well', async (t) => {
  const target = await checkpoint(['ema.power=[0.05,0.1]']);
  const { snapshot } = await openStore(dirname(target)).load(7);
  const store = openAverages(dirname(target));
  for (let step = 1; step <= 7; step++) {
    const emas = [0.05, 0.1].map((relativeStd) => ({ relativeStd, values: snapshot.state.params }));
    await store.publish({ ...snapshot, state: { ...snapshot.state, globalStep: step, emas } }, 'float16');
  }
  const out = scratch();
  const run = await ddpmFleet(['export', target, '--ema-std', '0.08', '--out', out]);
  t.is(run.code, 0, run.stderr);
  t.regex(run.stderr, /ema-std-0.08 after step 7: made of 7 snapshots, [\d.]+ % off its profile/);
  const { tensors } = await readSafetensors(join(out, 'ema-std-0.08.safetensors'));
  const { name, offset } = snapshot.layout.entries[0]!;
  const [made, still] = [tensors.get(name)!.values[0] as number, snapshot.state.params[offset]!];
  t.true(
    still !== 0 && Math.abs(made - still) < 0.02 * Math.abs(still),
    `${made} of weights that stood still at ${still}`,
  );
  t.regex(
    readFileSync(join(out, 'README.md'), 'utf8'),
    /average by a power of the step, made of 7 snapshots/,
  );
  const far = await ddpmFleet(['export', target, '--ema-std', '0.01', '--out', join(out, 'never')]);
  t.is(far.code, 2);
  t.regex(far.stderr, /Possible there: widths from [\d.]+ to [\d.]+.*DDPM_ERR_AVERAGE_RANGE/s);
});

test('a README of somebody else, a batch where there is none, and what a format cannot say are refused', async (t) => {
  const out = scratch();
  writeFileSync(join(out, 'README.md'), '# mine\n');
  const plain = await checkpoint();
  const other = await checkpoint(['model.numClasses=3']);
  const hinted = await checkpoint(['diffusion.selfConditioning=true']);
  const fresh = join(scratch(), 'never');
  for (const [args, code] of [
    [[plain, '--format', 'tfjs', '--out', out], 'README.md that no export wrote. Name an empty'],
    [
      [plain, '--out', join(out, 'README.md')],
      'is a file. Name an empty directory with --out. [DDPM_ERR_EXPORT_OUT]',
    ],
    [[plain, '--format', 'diffusers', '--batch', '2', '--out', fresh], 'DDPM_ERR_EXPORT_BATCH'],
    [[plain, '--weights', 'ema-0.5', '--out', fresh], 'DDPM_ERR_CHECKPOINT_WEIGHTS'],
    [[hinted, '--format', 'diffusers', '--out', fresh], 'DDPM_ERR_EXPORT_DIFFUSERS'],
  ] as const) {
    const run = await ddpmFleet(['export', ...args]);
    t.is(run.code, 2, run.stderr);
    t.true(run.stderr.includes(code), run.stderr);
  }
  t.is(readFileSync(join(out, 'README.md'), 'utf8'), '# mine\n');
  t.false(existsSync(fresh));
  mkdirSync(fresh);
  t.is((await ddpmFleet(['export', other, '--format', 'savedmodel', '--out', fresh])).code, 0);
  t.regex(readFileSync(join(fresh, 'README.md'), 'utf8'), /`label` \| in \| int32 \[any\]/);
  t.is((await ddpmFleet(['export', other, '--format', 'savedmodel', '--out', fresh])).code, 0, 'again');
  const beside = await ddpmFleet(['export', plain, '--out', fresh]);
  t.is(beside.code, 2);
  t.regex(beside.stderr, /1 file\(s\) that this export does not write.*saved_model\.pb.*DDPM_ERR_EXPORT_OUT/);
});

test('weights that are no numbers are refused by whatever would use them', async (t) => {
  const target = await checkpoint([], NaN);
  const out = join(scratch(), 'never');
  for (const args of [
    ['export', target, '--out', out],
    ['sample', target, '--count', '1', '--out', `${out}.png`],
    ['evaluate', target, '--metric', 'bpd', '--count', '1'],
  ]) {
    const run = await ddpmFleet(args);
    t.is(run.code, 2, args[0]);
    t.regex(run.stderr, /NaN.*\[DDPM_ERR_CHECKPOINT_NON_FINITE\]/s);
    t.notRegex(run.stderr, /\n\s+at /);
  }
  t.false(existsSync(out) || existsSync(`${out}.png`));
});
