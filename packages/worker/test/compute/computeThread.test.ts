import test from 'ava';
import { checkpointDigest } from '@ddpm-fleet/checkpoint';
import { addInto, type ParamLayout, type TrainState } from '@ddpm-fleet/core';
import { openDataset, readBatch, slotPosition, splitHeldOut } from '@ddpm-fleet/data';
import { engineEnvironment } from '@ddpm-fleet/engine';
import { ComputeThread } from '../../src/compute/computeThread.js';
import { tinyConfig } from '../tinyRun.js';

// A worker process is spawned with it; nothing has loaded TensorFlow here yet.
Object.assign(process.env, engineEnvironment({ threads: 1 }));

const CONFIG = tinyConfig();
const IMAGE = { size: 8, channels: 3 };

/** One for all tests, as in a worker process. */
const thread = new ComputeThread();
let layout: ParamLayout;

test.before(async (t) => {
  const initialised = await thread.init(CONFIG, IMAGE);
  t.log(initialised.description);
  ({ layout } = initialised);
});
test.beforeEach(() => thread.loadInitialState());
test.after.always(() => thread.dispose());

async function runOf(globalStep: number, start: number, end: number) {
  const { train } = splitHeldOut(await openDataset(CONFIG.data), CONFIG.data.heldOut);
  const position = slotPosition(CONFIG.batch, globalStep, start);
  const count = (end - start) * CONFIG.batch.slotBatchSize;
  const { images } = await readBatch(train, CONFIG.seed, position, count);
  return { globalStep, start, end, position, images };
}

/** One step in these runs; the two halves are summed here, as a coordinator does. */
async function step(runs: [number, number][]): Promise<TrainState> {
  const results = await Promise.all(
    runs.map(async ([start, end]) => thread.runSlots(await runOf(0, start, end))),
  );
  const root = results.map(({ partials }) => partials![0]!).reduce(addInto);
  const t = Int32Array.from(results.flatMap((r) => [...r.t]));
  const loss = Float32Array.from(results.flatMap((r) => [...r.loss]));
  const { gradNorm } = await thread.apply({ root, t, loss });
  if (!(gradNorm > 0)) throw new Error(`gradNorm ${gradNorm}`);
  return thread.readState();
}

test.serial('a step in one run and in two gives the same state, and the arrays moved', async (t) => {
  const whole = await step([[0, 4]]);
  t.is(whole.globalStep, 1);
  const print = await thread.fingerprint();
  await thread.loadInitialState();
  t.not(await thread.fingerprint(), print);
  const halves = await step([
    [0, 2],
    [2, 4],
  ]);
  t.is(checkpointDigest(whole, layout), checkpointDigest(halves, layout));
  t.is(await thread.fingerprint(), print);
  await thread.loadState(whole);
  t.is(whole.params.length, 0, 'it was given away');
  t.is(await thread.fingerprint(), print);
});

test.serial('there is no held-out loss without images; those that are kept are copies', async (t) => {
  t.is(await thread.heldOutLoss('raw'), NaN);
  const images = new Uint8Array(4 * 8 * 8 * 3).fill(90);
  await thread.keepHeldOut({ images });
  t.is(images[0], 90);
  const loss = await thread.heldOutLoss('raw');
  t.true(loss > 0.3 && loss < 3, String(loss));
});

test.serial('a skipped step counts and changes nothing', async (t) => {
  const before = await thread.readState();
  await thread.skip();
  const after = await thread.readState();
  t.is(after.globalStep, 1);
  t.is(checkpointDigest({ ...after, globalStep: 0 }, layout), checkpointDigest(before, layout));
});

test.serial(
  'slots that were called off come back without sums, and those after them are computed',
  async (t) => {
    const [whole, single] = [await runOf(0, 0, 4), await runOf(0, 0, 1)];
    const before = thread.slotsFinished;
    const first = thread.runSlots(whole);
    thread.cancelSlots();
    const second = thread.runSlots(single);
    t.is((await first).partials, undefined);
    t.is((await second).partials?.length, 1);
    t.true(thread.slotsFinished - before < 5);
  },
);

test.serial('the main thread keeps its timers while the thread computes', async (t) => {
  const run = await runOf(0, 0, 4);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const { computeMs } = await thread.runSlots(run);
  clearInterval(timer);
  t.true(ticks >= Math.floor(computeMs / 5 / 4), `${ticks} ticks in ${computeMs} ms`);
});

test.serial('errors keep their code, and the thread goes on', async (t) => {
  const state = await thread.readState();
  await t.throwsAsync(thread.loadState({ ...state, params: new Float32Array(3) }), {
    code: 'DDPM_ERR_CHECKPOINT_STATE',
  });
  t.is((await thread.readState()).globalStep, 0);
});

test.serial('a thread that could not begin says why, and one that is gone says so', async (t) => {
  const other = new ComputeThread();
  const unfit = { ...CONFIG, engine: { ...CONFIG.engine, kind: 'wasm', precision: 'bfloat16' } } as const;
  await t.throwsAsync(other.init(unfit, IMAGE), { code: 'DDPM_ERR_ENGINE_PRECISION' });
  await other.dispose();
  t.is(await other.ended, undefined);
  await t.throwsAsync(other.fingerprint(), { code: 'DDPM_ERR_COMPUTE_DIED' });
});
