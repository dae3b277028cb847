import { loadConfig, type DiffusionConfig } from '@ddpm-fleet/config';
import { validateDiffusion } from '@ddpm-fleet/diffusion';
import { diffusionConfigOf, Trainer } from '../src/index.js';
import { test, useEngine } from './support/suite.js';
import { IMAGE, imagesAt, tinyConfig } from './support/tiny.js';
import { applyStep } from './support/trainerSuite.js';

useEngine('compiled');

const MEANS = ['eps', 'xStart', 'xPrev', 'v'] as const;
const VARIANCES = ['fixedSmall', 'fixedLarge', 'learned', 'learnedRange'] as const;
const LOSSES = ['mse', 'kl', 'hybrid', 'rescaledMse', 'rescaledKl'] as const;

for (const mean of MEANS) {
  for (const variance of VARIANCES) {
    for (const loss of LOSSES) {
      test.serial(`${mean} ${variance} ${loss}`, async (t) => {
        const config = tinyConfig(
          'model.chMult=[1]',
          'model.attnResolutions=[]',
          'model.dropout=0',
          'data.flip=false',
          'batch.numSlots=1',
          'batch.slotBatchSize=8',
          'optimizer.lr=0.005',
          `diffusion.modelMeanType=${mean}`,
          `diffusion.modelVarType=${variance}`,
          `diffusion.lossType=${loss}`,
        );
        const start = performance.now();
        let trainer;
        try {
          trainer = await Trainer.create(t.context.engine, config, IMAGE);
        } catch (e) {
          t.log((e as Error).message);
          return t.pass();
        }
        trainer.loadState(trainer.initialState());
        const images = imagesAt(0, 8);
        const all = [trainer.heldOutLoss(images, 'raw')];
        for (let k = 0; k < 90; k++) {
          applyStep(trainer, config, k);
          if (k % 30 === 29) all.push(trainer.heldOutLoss(images, 'raw'));
        }
        t.log(
          all.map((x) => x.toFixed(4)).join(' '),
          (all.at(-1)! / all[0]!).toFixed(3),
          `${((performance.now() - start) / 1000).toFixed(1)} s`,
        );
        trainer.dispose();
        t.pass();
      });
    }
  }
}
void loadConfig;
void validateDiffusion;
void diffusionConfigOf;
export type X = DiffusionConfig;
