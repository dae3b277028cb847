import { readFileSync } from 'node:fs';
import { loadConfig, type OptimizerConfig } from '../src/index.js';
import test from 'ava';
import { learningRate, validateSchedule } from '../src/lrSchedule.js';

interface Golden {
  readonly lr_warmup_ho: { max_lr: number; warmup: number; step: number[]; lr: number[] };
  readonly zoubohao_lr_closed_form: {
    E: number;
    warm: number;
    base: number;
    multiplier: number;
    epochs: number[];
    lr: number[];
  };
  readonly zoubohao_lr_warm_epochs: {
    E: number;
    multiplier: number;
    base: number;
    lr_by_epoch_0_to_20: number[];
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/ddpm.json', import.meta.url), 'utf8'),
) as Golden;

function optimizer(...set: string[]): OptimizerConfig {
  return loadConfig({ set: set.map((pair) => `optimizer.${pair}`), env: {} }).optimizer;
}

test('trap 19: the warm-up of Ho et al. reads the step before the update', (t) => {
  const { max_lr, warmup, step, lr } = golden.lr_warmup_ho;
  const config = optimizer(`lr=${max_lr}`, `warmupSteps=${warmup}`);
  step.forEach((at, i) => t.true(Math.abs(learningRate(config, at) - lr[i]!) < 1e-15, `${at}`));
  t.is(learningRate(config, 0), 0);
  t.is(learningRate(optimizer('lr=0.5', 'warmupSteps=0'), 0), 0.5);
});

test('the schedule of zoubohao, by epochs', (t) => {
  const { E, warm, base, multiplier, epochs, lr } = golden.zoubohao_lr_closed_form;
  const config = optimizer(
    'lrSchedule=warmupCosineEpochs',
    'warmupSteps=0',
    `lr=${base}`,
    `warmupEpochs=${warm}`,
    `warmupMultiplier=${multiplier}`,
    `scheduleEpochs=${E}`,
  );
  const length = { globalBatchSize: 80, datasetSize: 50_000 };
  const atEpoch = (epoch: number): number => learningRate(config, Math.ceil((epoch * 50_000) / 80), length);
  epochs.forEach((epoch, i) => t.true(Math.abs(atEpoch(epoch) / lr[i]! - 1) < 1e-9, `${epoch}`));
  golden.zoubohao_lr_warm_epochs.lr_by_epoch_0_to_20.forEach((value, epoch) => {
    t.true(Math.abs(atEpoch(epoch) / value - 1) < 1e-9, `${epoch}`);
  });
  t.is(learningRate(config, 624, length), base, 'the last step of epoch 0 has the rate of the first');
});

test('cosine and linear go from lr at the end of the warm-up to 0 at scheduleSteps, and stay there', (t) => {
  for (const schedule of ['cosine', 'linear']) {
    const config = optimizer(`lrSchedule=${schedule}`, 'lr=1', 'warmupSteps=10', 'scheduleSteps=110');
    t.is(learningRate(config, 5), 0.5);
    t.is(learningRate(config, 10), 1);
    t.true(Math.abs(learningRate(config, 60) - 0.5) < 1e-12);
    t.true(learningRate(config, 110) < 1e-15);
    t.true(learningRate(config, 1000) < 1e-15);
  }
  const cosine = optimizer('lrSchedule=cosine', 'lr=1', 'warmupSteps=0', 'scheduleSteps=100');
  t.true(Math.abs(learningRate(cosine, 25) - 0.5 * (1 + Math.SQRT1_2)) < 1e-12);
});

test('a schedule in epochs needs their length, and one after the warm-up', (t) => {
  const length = { globalBatchSize: 8, datasetSize: 100 };
  const config = optimizer('lrSchedule=warmupCosineEpochs');
  t.throws(() => validateSchedule(config), { message: /size of the dataset is not known/ });
  t.notThrows(() => validateSchedule(config, length));
  const short = optimizer('lrSchedule=warmupCosineEpochs', 'scheduleEpochs=20', 'warmupEpochs=20');
  t.throws(() => validateSchedule(short, length), { message: /leaves no epoch/ });
});
