import { loadConfig } from '@ddpm-fleet/config';
import type { Engine } from '@ddpm-fleet/engine';
import test from 'ava';
import { Trainer } from '../src/index.js';
import { imagesAt, openTestEngine } from './support/tiny.js';
import { relativeDistance } from './support/trainerSuite.js';

const FILE = new URL('../../../../configs/quickstart.yaml', import.meta.url).pathname;
const image = { size: 16, channels: 3 };
const config = loadConfig({
  file: FILE,
  env: {},
  set: ['batch.numSlots=1', 'batch.slotBatchSize=8', 'model.dropout=0.1'],
});

async function open(engine: Engine): Promise<Trainer> {
  const trainer = await Trainer.create(engine, config, image);
  const state = trainer.initialState();
  state.params.forEach((value, i) => (state.params[i] = value + 0.01 * Math.sin(i)));
  trainer.loadState(state);
  return trainer;
}

/** The one slot of step 0: losses, and the gradient of their sum. */
function slot(trainer: Trainer): { loss: Float32Array; gradient: Float32Array } {
  trainer.beginRun();
  const images = imagesAt(0, 8, image);
  const { loss } = trainer.runSlot({ slot: 0, runStart: 0, position: 0n, images, globalStep: 0 });
  return { loss, gradient: trainer.takePartials()[0]! };
}

const normOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((total, value) => total + value * value, 0));
const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

test.serial('quickstart with dropout: compiled and eager agree on losses and every gradient', async (t) => {
  const [compiled, eager] = [await openTestEngine('compiled'), await openTestEngine('eager')];
  const trainers = [await open(compiled), await open(eager)] as const;
  const [a, b] = [slot(trainers[0]), slot(trainers[1])];
  t.true(relativeDistance(a.loss, b.loss) < 1e-5, `${relativeDistance(a.loss, b.loss)}`);
  const norm = normOf(b.gradient);
  for (const { name, offset, size } of trainers[0].layout.entries) {
    const [x, y] = [a, b].map(({ gradient }) => gradient.subarray(offset, offset + size));
    const scale = Math.max(normOf(y!), 1e-2 * norm);
    const distance = (relativeDistance(x!, y!) * normOf(y!)) / scale;
    t.true(distance <= 1e-5, `${name}: ${distance}`);
  }
  for (const trainer of trainers) trainer.dispose();
});

test.serial('the gradient is what finite differences along it are', async (t) => {
  const trainer = await open(await openTestEngine('compiled'));
  const state = trainer.readState();
  const { gradient } = slot(trainer);
  const norm = normOf(gradient);
  const h = 0.05;
  const lossAt = (distance: number): number => {
    const params = state.params.map((value, i) => value + (distance * gradient[i]!) / norm);
    trainer.loadState({ ...state, params });
    return sum(slot(trainer).loss);
  };
  const slope = (lossAt(h) - lossAt(-h)) / (2 * h);
  t.log(`${slope} by differences, ${norm} by the gradient`);
  t.true(Math.abs(slope / norm - 1) < 5e-3);
  trainer.dispose();
});
