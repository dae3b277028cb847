import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '@ddpm-fleet/config';
import { drawNormal, makeLayout } from '@ddpm-fleet/core';
import { float64, ndArray, samplerPlan, samplerStep } from '@ddpm-fleet/diffusion';
import { unetParams } from '@ddpm-fleet/model';
import { diffusionConfigOf, unetConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { exportDiffusers, importDiffusers, settingsOfDiffusers, type TrainedModel } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';
import { HELD, outputsOf, randomModel, SHAPES, tinyShape, worstDifference } from '../support/models.js';
import { mutatedWeights, MUTATIONS, WEIGHT_MUTATIONS, type Mutation } from '../support/mutations.js';

const PYTHON = process.env['DDPM_TEST_DIFFUSERS_PYTHON'];
const SCRIPT = fileURLToPath(new URL('../../../test/export/check_diffusers.py', import.meta.url));
const WEIGHTS = 'unet/diffusion_pytorch_model.safetensors';
const TIMESTEPS = [0, 3, 250, 741, 999];
const STEP_AT = 741;

/**
 * Absolute, of outputs of size 1 to 10 in float32, whose own rounding (diffusers against itself in float64) is logged
 * beside it.
 */
const OUTPUT_TOLERANCE = 1e-4;
const STEP_TOLERANCE = 1e-5;

interface Checked {
  readonly name: string;
  readonly tensors: number;
  readonly output: number;
  readonly size: number;
  readonly rounding: number;
  readonly step: number;
  readonly error?: string;
}

function agrees({ output, step, error }: Checked): boolean {
  return error === undefined && output < OUTPUT_TOLERANCE && step < STEP_TOLERANCE;
}

interface Job {
  readonly name: string;
  readonly folder: string;
  readonly cases: string;
  readonly rounding?: boolean;
}

const run = promisify(execFile);

async function check(jobs: readonly Job[], scratch: string): Promise<Map<string, Checked>> {
  const path = join(scratch, 'jobs.json');
  writeFileSync(path, JSON.stringify(jobs));
  const { stdout } = await run(PYTHON!, [SCRIPT, path], { maxBuffer: 1 << 26 });
  const found = JSON.parse(stdout.trim().split('\n').at(-1)!) as Checked[];
  return new Map(found.map((one) => [one.name, one]));
}

/** Our outputs and one step of our sampler, with a faint image among the inputs: in it an epsilon of a norm shows. */
async function casesOf(model: TrainedModel): Promise<Record<string, unknown>> {
  const { config, image } = model;
  const { outChannels } = unetConfigOf(config, image);
  const shape = [2, image.size, image.size, image.channels];
  const size = shape.slice(1).reduce((product, dim) => product * dim, 1);
  const images = (seed: number, scale = 1): Float32Array =>
    drawNormal({ seed, purpose: 99, counter: 0n }, 2, size).map((value) => value * scale);
  const inputs = [...TIMESTEPS.map((t, i) => ({ x: images(2 + i), t })), { x: images(9, 0.02), t: STEP_AT }];
  // A class, and the label that stands for none.
  const { numClasses } = config.model;
  const label = numClasses > 0 ? [1, numClasses] : undefined;
  const outputs = await outputsOf(
    model,
    inputs.map(({ x, t }) => ({
      x,
      t: Int32Array.of(t, t),
      ...(label && { label: Int32Array.from(label) }),
    })),
  );
  const cases = inputs.map(({ x, t }, i) => {
    return { x: [...x], t, output: [...outputs[i]!], ...(label && { label }) };
  });
  const from = cases[TIMESTEPS.indexOf(STEP_AT)]!;
  const noise = [...images(20)];
  const at = samplerPlan(diffusionConfigOf(config), { sampler: 'ddpm' }).steps.find(
    ({ t }) => t === STEP_AT,
  )!;
  const next = samplerStep(float64, {
    x: ndArray(from.x, shape),
    output: ndArray(from.output, [...shape.slice(0, 3), outChannels]),
    noise: ndArray(noise, shape),
    coefficients: ndArray([...at.coefficients], [at.coefficients.length]),
  }).x;
  return { shape, outChannels, cases, step: { ...from, noise, next: [...next.data] } };
}

async function jobOf(name: string, model: TrainedModel, scratch: string): Promise<Job> {
  const job = { name, folder: join(scratch, name), cases: join(scratch, `${name}.json`), rounding: true };
  await exportDiffusers(model, job.folder);
  writeFileSync(job.cases, JSON.stringify(await casesOf(model)));
  return job;
}

/** A copy of an exported folder with one setting wrong, its weights shared. */
function spoilt({ folder, cases }: Job, { name, file, change }: Mutation, scratch: string): Job {
  const copy = join(scratch, name);
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
  symlinkSync(join(folder, WEIGHTS), join(copy, WEIGHTS));
  const path = join(copy, file);
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(change(json)));
  return { name, folder: copy, cases };
}

async function withSpoiltWeights(job: Job, name: string, model: TrainedModel, scratch: string): Promise<Job> {
  const folder = join(scratch, name);
  mkdirSync(dirname(join(folder, WEIGHTS)), { recursive: true });
  await exportDiffusers({ ...model, weights: mutatedWeights(name, model) }, folder);
  return { name, folder, cases: job.cases };
}

const withDiffusers = PYTHON ? test.serial : test.serial.skip;
if (!PYTHON)
  console.log('diffusers is compared only when DDPM_TEST_DIFFUSERS_PYTHON names a Python that has it');

for (const [name, shape] of Object.entries(SHAPES)) {
  withDiffusers(`${name}: the real diffusers computes the same`, async (t) => {
    t.timeout(600_000);
    const scratch = temporaryDirectory(t);
    const model = randomModel(shape);
    const checked = (await check([await jobOf(name, model, scratch)], scratch)).get(name)!;
    t.log(JSON.stringify(checked));
    t.is(checked.error, undefined);
    t.is(checked.tensors, model.layout.entries.length);
    t.true(checked.output < OUTPUT_TOLERANCE, `outputs differ by ${checked.output}`);
    t.true(checked.step < STEP_TOLERANCE, `a step differs by ${checked.step}`);
  });
}

withDiffusers(
  'every option of the model that is exported computes the same in the real diffusers',
  async (t) => {
    t.timeout(600_000);
    const scratch = temporaryDirectory(t);
    const jobs: Job[] = [];
    for (const settings of HELD) {
      const T = 'diffusion.numTimesteps=1000';
      jobs.push(await jobOf(settings.join(' ') || 'tiny', randomModel(tinyShape([...settings, T])), scratch));
    }
    for (const found of (await check(jobs, scratch)).values()) {
      t.log(`${found.name}: ${found.error ?? found.output.toExponential(1)}`);
      t.true(agrees(found), JSON.stringify(found));
    }
  },
);

const MAKER = fileURLToPath(new URL('../../../test/export/make_diffusers.py', import.meta.url));

interface Made {
  readonly name: string;
  readonly folder: string;
  /** [2, size, size, channels] */
  readonly x: readonly number[];
  readonly t: number;
  readonly label?: readonly number[];
  readonly output: readonly number[];
}

withDiffusers(
  'folders that diffusers itself made are computed alike, and go back for more training',
  async (t) => {
    t.timeout(600_000);
    const scratch = temporaryDirectory(t);
    const python = (...args: string[]) => run(PYTHON!, [MAKER, ...args], { maxBuffer: 1 << 28 });
    await python('make', scratch);
    const made = JSON.parse(readFileSync(join(scratch, 'made.json'), 'utf8')) as Made[];
    for (const { name, folder, x, t: at, label, output } of made) {
      const model = await modelOf(folder);
      const batch = { x: Float32Array.from(x), t: Int32Array.of(at, at) };
      const labels = label && { label: Int32Array.from(label) };
      const [ours] = await outputsOf(model, [{ ...batch, ...labels }]);
      const size = Math.max(...output.map(Math.abs));
      const worst = worstDifference(ours!, output);
      t.log(`${name}: outputs of size ${size.toPrecision(3)} differ by ${worst.toExponential(1)}`);
      t.true(worst < MADE_TOLERANCE * Math.max(1, size), `${name}: ${worst}`);
      const back = join(scratch, `${name}-back`);
      await exportDiffusers(model, back);
      await python('tune', back);
      const tuned = await modelOf(back);
      t.is(tuned.layout.hash, model.layout.hash);
      t.true(worstDifference(tuned.weights, model.weights) > 0);
    }
  },
);

/** Of a network with weights of its own size. */
const MADE_TOLERANCE = 2e-5;

async function modelOf(folder: string): Promise<TrainedModel> {
  const config = loadConfig({ env: {}, set: await settingsOfDiffusers(folder) });
  const image = { size: config.data.size, channels: config.data.channels };
  const layout = makeLayout(unetParams(unetConfigOf(config, image)));
  return { config, image, layout, weights: await importDiffusers(folder, { config, image, layout }) };
}

withDiffusers('each setting that loads silently when it is wrong, or left out, is found', async (t) => {
  t.timeout(600_000);
  const scratch = temporaryDirectory(t);
  const model = randomModel(SHAPES.quickstart);
  const right = await jobOf('right', model, scratch);
  const jobs = [
    right,
    ...MUTATIONS.map((mutation) => spoilt(right, mutation, scratch)),
    ...(await Promise.all(
      Object.keys(WEIGHT_MUTATIONS).map((name) => withSpoiltWeights(right, name, model, scratch)),
    )),
  ];
  const checked = await check(jobs, scratch);
  t.true(agrees(checked.get('right')!), JSON.stringify(checked.get('right')));
  for (const { name } of jobs.slice(1)) {
    const found = checked.get(name)!;
    t.log(found.error ? `${name}: ${found.error}` : `${name}: outputs ${found.output.toExponential(1)}, a step ${found.step.toExponential(1)}`); // prettier-ignore
    t.false(agrees(found), `${name} is not found`);
  }
});
