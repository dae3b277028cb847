import type { Engine } from '@ddpm-fleet/engine';
import test from 'ava';
import { openTestEngine, tinyConfig } from './support/tiny.js';
import { applyStep, step } from './support/step.js';
import { ready, relativeDistance } from './support/trainerSuite.js';

const engines: Engine[] = [];

test.before(async () => {
  engines.push(await openTestEngine('compiled'), await openTestEngine('eager'));
});

/** Settings whose step is computed by other code. Dropout, flips and attention are on in all. */
const VARIANTS: Record<string, string[]> = {
  'as Ho et al. trained': [],
  'learned variance, hybrid loss': ['diffusion.modelVarType=learnedRange', 'diffusion.lossType=hybrid'],
  'the bound': [
    'diffusion.modelVarType=fixedSmall',
    'diffusion.lossType=kl',
    'diffusion.modelMeanType=xStart',
  ],
  'v, min-SNR, offset noise': [
    'diffusion.modelMeanType=v',
    'diffusion.minSnrGamma=5',
    'diffusion.offsetNoise=0.1',
    'diffusion.betaSchedule=cosine',
  ],
  'classes with dropped labels': ['model.numClasses=3', 'diffusion.labelDropProb=0.5'],
  'self-conditioning': ['diffusion.selfConditioning=true'],
  'importance-sampled t': ['diffusion.timestepSampler=lossSecondMoment'],
  'stratified t, slot clip, AdamW': [
    'diffusion.timestepSampler=stratified',
    'optimizer.gradClip=slot',
    'optimizer.gradClipNorm=0.1',
    'optimizer.kind=adamw',
    'optimizer.weightDecay=0.1',
  ],
  'improved-diffusion': [
    'model.kind=improved',
    'model.useScaleShiftNorm=true',
    'model.resblockUpdown=true',
    'model.numHeadChannels=8',
    'diffusion.rescaleTimesteps=true',
  ],
  zoubohao: ['model.kind=zoubohao', 'optimizer.epsilonForm=pytorch'],
  'zoubohao, conditional': [
    'model.kind=zoubohao-conditional',
    'model.numClasses=3',
    'diffusion.labelDropProb=0.1',
  ],
};

for (const [name, set] of Object.entries(VARIANTS)) {
  test.serial(
    `${name}: compiled and eager agree on losses, every gradient and the next states`,
    async (t) => {
      const config = tinyConfig('batch.numSlots=2', ...set);
      const [compiled, eager] = [await ready(engines[0]!, config), await ready(engines[1]!, config)];
      // Away from the initial state, where most gradients are zero because branches end in tiny weights.
      const state = eager.initialState();
      state.params.forEach((value, i) => (state.params[i] = value + 0.05 * Math.sin(i)));
      compiled.loadState(state);
      eager.loadState(state);
      const [a, b] = [step(compiled, config, 0, [2]), step(eager, config, 0, [2])];
      t.deepEqual(a.t, b.t);
      t.true(relativeDistance(a.loss, b.loss) < 1e-5);
      t.true(relativeDistance(a.root, b.root) < 1e-5, `all gradients: ${relativeDistance(a.root, b.root)}`);
      const norm = Math.hypot(...b.root);
      for (const { name: parameter, offset, size } of eager.layout.entries) {
        const part = (flat: Float32Array): Float32Array => flat.subarray(offset, offset + size);
        const distance = relativeDistance(part(a.root), part(b.root)) * Math.hypot(...part(b.root));
        const scale = Math.max(Math.hypot(...part(b.root)), 1e-2 * norm);
        t.true(distance <= 1e-5 * scale, `${parameter}: ${distance / scale}`);
      }
      for (let k = 0; k < 3; k++) {
        const [x, y] = [applyStep(compiled, config, k), applyStep(eager, config, k)];
        t.true(Math.abs(x.gradNorm / y.gradNorm - 1) < 1e-4, `${k}: ${x.gradNorm} ${y.gradNorm}`);
        t.is(x.lr, y.lr);
      }
      const [p, q] = [compiled.readState(), eager.readState()];
      t.true(relativeDistance(p.params, q.params) < 1e-4);
      t.is(p.derived.length, q.derived.length);
      p.derived.forEach(({ values }, i) => t.true(relativeDistance(values, q.derived[i]!.values) < 1e-4));
    },
  );
}
