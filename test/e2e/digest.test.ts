import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

async function train(
  t: ExecutionContext,
  args: readonly string[],
  dir = join(scratch(), 'run'),
): Promise<string> {
  const run = await ddpmFleet(['launch', 'configs/quickstart.yaml', ...TINY, '--run-dir', dir, ...args], {
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

function isWatched(dir: string): boolean {
  return existsSync(join(dir, 'tensorboard'));
}

test.serial(
  '1, 2 and 3 workers, watched or not, and a resume, give the same weights to the bit',
  async (t) => {
    const watched = await train(t, ['--workers', '1', '--steps', '12']);
    const one = await digest(t, watched);
    t.is(await digest(t, await train(t, ['--workers', '2', '--steps', '12'])), one);
    const unwatched = await train(t, ['--workers', '3', '--steps', '12', '--set', 'log.tensorboard=false']);
    t.is(await digest(t, unwatched), one);
    t.deepEqual([watched, unwatched].map(isWatched), [true, false]);
    const dir = await train(t, ['--workers', '2', '--steps', '5']);
    t.not(await digest(t, dir), one);
    await train(t, ['--workers', '3', '--steps', '12', '--resume', 'auto'], dir);
    t.is(await digest(t, dir), one);
  },
);

test.serial('a number of slots that is no power of two, seed 0 twice, and another seed', async (t) => {
  const six = ['--set', 'batch.numSlots=6', '--steps', '6'];
  const one = await digest(t, await train(t, [...six, '--workers', '1']));
  t.is(await digest(t, await train(t, [...six, '--workers', '2'])), one);
  const other = await digest(t, await train(t, [...six, '--workers', '2', '--set', 'seed=1']));
  t.not(other, one);
});
