import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

/** What makes a step depend on more than weights and position, or draws t for the global batch as a whole. */
const SETTINGS: Record<string, readonly string[]> = {
  // With 4 timesteps and 8 images a step every t has its ten losses after some 6 steps: half of the run is weighted.
  lossSecondMoment: ['diffusion.timestepSampler=lossSecondMoment', 'diffusion.numTimesteps=4'],
  'stratified, selfConditioning': ['diffusion.timestepSampler=stratified', 'diffusion.selfConditioning=true'],
};

async function train(
  t: ExecutionContext,
  set: readonly string[],
  args: string[],
  dir = join(scratch(), 'run'),
) {
  const settings = [...TINY, ...set.flatMap((pair) => ['--set', pair]), '--run-dir', dir];
  const run = await ddpmFleet(['launch', 'configs/quickstart.yaml', ...settings, ...args], {
    timeoutMs: 240_000,
  });
  t.is(run.code, 0, run.stderr + run.stdout);
  return dir;
}

async function digest(t: ExecutionContext, dir: string): Promise<string> {
  const run = await ddpmFleet(['checkpoint', 'digest', dir]);
  t.regex(run.stdout, /^[0-9a-f]{64}\n$/, run.stderr);
  return run.stdout.trim();
}

/** `npm run survival` has the other as well. */
const long = process.env['DDPM_TEST_LONG'] ? test.serial : test.serial.skip;

for (const [name, set] of Object.entries(SETTINGS)) {
  (name === 'lossSecondMoment' ? test.serial : long)(
    `${name}: 1 worker, and 3 and a resume on 1, give the same state to the bit`,
    async (t) => {
      t.timeout(600_000);
      const one = await digest(t, await train(t, set, ['--workers', '1', '--steps', '12']));
      const dir = await train(t, set, ['--workers', '3', '--steps', '9']);
      t.not(await digest(t, dir), one);
      await train(t, set, ['--workers', '1', '--steps', '12', '--resume', 'auto'], dir);
      t.is(await digest(t, dir), one);
    },
  );
}
