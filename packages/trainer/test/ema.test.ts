import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emaDecay, openStore, powerDecay } from '@ddpm-fleet/checkpoint';
import { emaProfiles, type EmaConfig } from '@ddpm-fleet/config';
import { drawNormal, emaName, type EmaProfile, type TrainState } from '@ddpm-fleet/core';
import type { Trainer } from '../src/index.js';
import { test, useEngine } from './support/suite.js';
import { tinyConfig } from './support/tiny.js';
import { ready } from './support/trainerSuite.js';

useEngine('compiled');

const UPDATES = 1000;
const DECAYS = [0.99, 0.9999];
/** A move is rounded to a float32 step of the average, 1e-7 at the gammas of 1; a thousand of them add up. */
const TOLERANCE = 1e-5;

function decayAt({ decay, relativeStd }: EmaProfile, form: EmaConfig, k: number): number {
  return decay === undefined ? powerDecay(relativeStd, k + 1) : emaDecay(decay, form, k);
}

/** One optimizer step with a gradient of its own. */
function update(trainer: Trainer, k: number): void {
  const root = drawNormal({ seed: k, purpose: 99, counter: 0n }, 1, trainer.layout.size);
  trainer.apply(root, { t: new Int32Array(1), loss: new Float32Array(1) });
}

async function throughStore(trainer: Trainer, state: TrainState): Promise<TrainState> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-fleet-ema-'));
  try {
    const meta = { runId: 'ema', createdAt: '', identity: {}, identityHash: '', datasetHash: '' };
    const rest = { engine: {}, configYaml: '', losses: {} };
    await openStore(dir).publish({ state, layout: trainer.layout, meta: { ...meta, ...rest } });
    return (await openStore(dir).load('newest')).snapshot.state;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

for (const start of ['copyFirst', 'warmup'] as const) {
  test.serial(
    `${start}: ${UPDATES} updates on the device, resumed in the middle, agree with float64`,
    async (t) => {
      const settings = [`ema.decays=[${DECAYS.join()}]`, `ema.start=${start}`, 'optimizer.lr=0.0005'];
      const config = tinyConfig(...settings, 'batch.numSlots=1', 'batch.slotBatchSize=1');
      let trainer = await ready(t.context.engine, config);
      const profiles = emaProfiles(config.ema);
      t.is(profiles.length, 4);
      const exact = profiles.map(() => new Float64Array(trainer.layout.size));
      for (let k = 0; k < UPDATES; k++) {
        if (k === UPDATES / 2) {
          const state = await throughStore(trainer, trainer.readState());
          trainer = await ready(t.context.engine, config);
          trainer.loadState(state);
        }
        update(trainer, k);
        const { params } = trainer.readState();
        for (const [e, profile] of profiles.entries()) {
          const d = decayAt(profile, config.ema, k);
          const ema = exact[e]!;
          for (let i = 0; i < ema.length; i++) ema[i] = d * ema[i]! + (1 - d) * params[i]!;
        }
      }
      for (const [e, ema] of trainer.readState().emas.entries()) {
        const worst = ema.values.reduce((max, value, i) => Math.max(max, Math.abs(value - exact[e]![i]!)), 0);
        t.log(`${emaName(ema)}: at most ${worst.toExponential(1)} from float64`);
        t.true(worst < TOLERANCE, `${worst}`);
      }
    },
  );
}
