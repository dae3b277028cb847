import { validateDiffusion } from '@ddpm-fleet/diffusion';
import type { Engine } from '@ddpm-fleet/engine';
import { diffusionConfigOf, Trainer } from '../src/index.js';
import { test, useEngine } from './support/suite.js';
import { IMAGE, imagesAt, tinyConfig } from './support/tiny.js';
import { applyStep } from './support/step.js';

useEngine('compiled');

const MEANS = ['eps', 'xStart', 'xPrev', 'v'];
const LOSSES = ['mse', 'kl', 'hybrid', 'rescaledMse', 'rescaledKl'];
/** The losses that each variance does not go with, and why. */
const REFUSED: Record<string, { losses: string[]; reason: RegExp }> = {
  fixedSmall: { losses: ['hybrid', 'rescaledMse'], reason: /trains the variance alone.*none to train/ },
  fixedLarge: { losses: ['hybrid', 'rescaledMse'], reason: /trains the variance alone.*none to train/ },
  learned: { losses: ['mse'], reason: /does not depend on the variance.*never be trained/ },
  learnedRange: { losses: ['mse'], reason: /does not depend on the variance.*never be trained/ },
};

/** One level, and few steps of diffusion that all carry weight in the bound: a network that learns in seconds. */
const SMALL = [
  ...['model.chMult=[1]', 'model.attnResolutions=[]', 'model.dropout=0', 'data.flip=false'],
  ...['batch.numSlots=1', 'batch.slotBatchSize=8', 'optimizer.lr=0.005', 'ema.decays=[0.9]'],
  ...['diffusion.numTimesteps=20', 'diffusion.betaStart=0.001', 'diffusion.betaEnd=0.25'],
];
const STEPS = 50;

/** Loss of the 8 images before and after `STEPS` steps on them, with t and noise that those never drew. */
async function lossesOf(engine: Engine, config: ReturnType<typeof tinyConfig>): Promise<[number, number]> {
  const trainer = await Trainer.create(engine, config, IMAGE);
  const images = imagesAt(0, 8);
  trainer.loadState(trainer.initialState());
  const before = trainer.heldOutLoss(images, 'raw');
  for (let k = 0; k < STEPS; k++) applyStep(trainer, config, k);
  const after = trainer.heldOutLoss(images, 'raw');
  trainer.dispose();
  return [before, after];
}

for (const mean of MEANS) {
  for (const [variance, { losses, reason }] of Object.entries(REFUSED)) {
    for (const loss of LOSSES) {
      const config = tinyConfig(
        ...SMALL,
        `diffusion.modelMeanType=${mean}`,
        `diffusion.modelVarType=${variance}`,
        `diffusion.lossType=${loss}`,
      );
      if (losses.includes(loss)) {
        test.serial(`${mean} ${variance} ${loss} is refused`, async (t) => {
          const error = { code: 'DDPM_ERR_DIFFUSION_CONFIG', message: reason };
          t.throws(() => validateDiffusion(diffusionConfigOf(config)), error);
          await t.throwsAsync(Trainer.create(t.context.engine, config, IMAGE), error);
        });
      } else {
        test.serial(`${mean} ${variance} ${loss} learns 8 images`, async (t) => {
          const [before, after] = await lossesOf(t.context.engine, config);
          const text = `${before.toPrecision(4)} -> ${after.toPrecision(4)}`;
          t.log(text);
          t.true(after < 0.75 * before, text);
        });
      }
    }
  }
}
