import { Trainer } from '../../src/index.js';
import { step } from '../support/step.js';
import { IMAGE, openTestEngine, tinyConfig } from '../support/tiny.js';

// `npm run stress -w @ddpm-fleet/trainer [-- STEPS]`: a compiled training of many steps, each of many short calls, beside
// a replay whose slots are cut otherwise at each step. A read that is not ordered before its assign, or a sum in
// another order, shows in the fingerprints.
const steps = Number(process.argv[2] ?? 10_000);
const every = 100;
const config = tinyConfig('batch.numSlots=8', 'batch.slotBatchSize=1');
const engine = await openTestEngine('compiled');
const run = await Trainer.create(engine, config, IMAGE);
const replay = await Trainer.create(engine, config, IMAGE);
for (const trainer of [run, replay]) trainer.loadState(trainer.initialState());

/** Another cut of the eight slots at each step. */
function cutOf(globalStep: number): number[] {
  const bits = (globalStep * 73) % 128;
  return [1, 2, 3, 4, 5, 6, 7].filter((_, i) => bits & (1 << i)).concat(8);
}

const started = performance.now();
for (let globalStep = 0; globalStep < steps; globalStep++) {
  const whole = step(run, config, globalStep, [8]);
  const cut = step(replay, config, globalStep, cutOf(globalStep));
  run.apply(whole.root, whole);
  replay.apply(cut.root, cut);
  if ((globalStep + 1) % every > 0) continue;
  if (run.fingerprint() !== replay.fingerprint()) {
    console.error(`the replay differs at step ${globalStep + 1}`);
    process.exit(1);
  }
  const seconds = (performance.now() - started) / 1000;
  const eta = (seconds / (globalStep + 1)) * (steps - globalStep - 1);
  if ((globalStep + 1) % (10 * every) === 0)
    console.log(`${globalStep + 1} of ${steps} steps, ${eta.toFixed(0)} s left`);
}
console.log(
  `${steps} steps of 8 slots, twice: ${steps / every} fingerprints equal; the last is ${run.fingerprint().toString(16)}`,
);
process.exit(0);
