import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { exportSavedModel, type TrainedModel } from '../../src/index.js';
import { temporaryDirectory } from '../support/directory.js';
import {
  batchFor,
  emptyModel,
  outputsOf,
  randomModel,
  SHAPES,
  tinyShape,
  type Batch,
} from '../support/models.js';

const PYTHON = process.env['DDPM_TEST_TENSORFLOW_PYTHON'];
const SCRIPT = fileURLToPath(new URL('../../../test/export/check_saved_model.py', import.meta.url));
const TOLERANCE = 1e-4;
const run = promisify(execFile);

interface Checked {
  readonly name: string;
  readonly difference: number;
  readonly size: number;
}

async function check(jobs: readonly object[], scratch: string): Promise<Checked[]> {
  const path = join(scratch, 'jobs.json');
  writeFileSync(path, JSON.stringify(jobs));
  const { stdout } = await run(PYTHON!, [SCRIPT, path], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Checked[];
}

/** Outputs for batches of one and of three images. */
async function jobOf(name: string, model: TrainedModel, folder: string): Promise<object> {
  const output = exportSavedModel(model, folder).predictor.outputs[0]!.name;
  const cases = [];
  for (const batch of [batchFor(model, 1), batchFor(model, 3)]) {
    const [y] = await outputsOf(model, [batch]);
    cases.push({ inputs: inputsOf(model, batch), outputs: { [output]: [...y!] } });
  }
  return { name, folder, cases };
}

function inputsOf({ image }: TrainedModel, { x, t, label, previousXStart }: Batch): object {
  const shape = [t.length, image.size, image.size, image.channels];
  const images = (values: Float32Array): object => ({ shape, dtype: 'float32', values: [...values] });
  const perImage = (values: Int32Array): object => ({
    shape: [t.length],
    dtype: 'int32',
    values: [...values],
  });
  return {
    x: images(x),
    t: perImage(t),
    ...(label && { label: perImage(label) }),
    ...(previousXStart && { previousXStart: images(previousXStart) }),
  };
}

const MODELS = {
  ...SHAPES,
  'with classes': tinyShape(['model.numClasses=3']),
  'self-conditioned': tinyShape(['diffusion.selfConditioning=true']),
  'rescaled t': tinyShape(['diffusion.rescaleTimesteps=true']),
  'improved-diffusion': tinyShape(['model.kind=improved', 'model.resblockUpdown=true', 'model.numHeads=4']),
  'the conditional walk-through': tinyShape(['model.kind=zoubohao-conditional', 'model.numClasses=4']),
};

const withPython = PYTHON ? test.serial : test.serial.skip;
if (!PYTHON)
  console.log(
    'SavedModels are run in Python only when DDPM_TEST_TENSORFLOW_PYTHON names one that has tensorflow',
  );

withPython('Python’s TensorFlow computes the same from a SavedModel', async (t) => {
  t.timeout(600_000);
  const scratch = temporaryDirectory(t);
  const jobs = [];
  for (const [name, shape] of Object.entries(MODELS))
    jobs.push(await jobOf(name, randomModel(shape), join(scratch, name)));
  const checked = await check(jobs, scratch);
  t.deepEqual(
    checked.map(({ name }) => name),
    Object.keys(MODELS),
  );
  for (const { name, difference, size } of checked) {
    t.log(`${name}: largest difference ${difference.toExponential(1)} of outputs to ${size.toFixed(1)}`);
    t.true(difference < TOLERANCE, `${name}: ${difference}`);
  }
});

test('a SavedModel is one file, whatever the weights', (t) => {
  const out = join(temporaryDirectory(t), 'models', '1');
  const { files, predictor } = exportSavedModel(emptyModel(tinyShape()), out);
  t.deepEqual(files, [join(out, 'saved_model.pb')]);
  t.deepEqual(readdirSync(out).toSorted(), ['saved_model.pb', 'variables']);
  t.deepEqual(predictor.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]), [['x', 'float32', [-1, 8, 8, 3]], ['t', 'int32', [-1]]]); // prettier-ignore
});

test('weights that one file of it cannot hold are refused before anything is written', (t) => {
  const model = emptyModel(tinyShape());
  const layout = { ...model.layout, size: 600e6 };
  const out = join(temporaryDirectory(t), 'never');
  const error = t.throws(() => exportSavedModel({ ...model, layout }, out));
  t.true(isFleetError(error, 'DDPM_ERR_EXPORT_GRAPH'));
  t.regex(error.message, /2 GiB.*safetensors/);
});
