import {
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  openSync,
  readSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { live, logOf, until } from '../integration/fleet.js';
import { expected, Scene } from './scene.js';

test.serial('a store that fails: training goes on, loudly, and the last good checkpoint stays', async (t) => {
  t.timeout(600_000);
  await expected(t);
  const scene = await Scene.open(t);
  await scene.coordinator();
  await scene.worker(0);
  await scene.reach(25);
  const { checkpoints } = runPaths(scene.dir);
  renameSync(checkpoints, `${checkpoints}.away`);
  writeFileSync(checkpoints, 'no directory');
  await until(() => scene.journal().some(({ kind }) => kind === 'checkpointFailed'), 120_000);
  const failedAt = live(scene.dir)!.globalStep;
  await until(() => live(scene.dir)!.globalStep > failedAt + 5);
  rmSync(checkpoints);
  renameSync(`${checkpoints}.away`, checkpoints);
  t.true(readdirSync(checkpoints).includes('step-00000020'), 'the last good one is there');
  await scene.endsWell();
  const failed = scene.journal().filter(({ kind }) => kind === 'checkpointFailed');
  t.log(`${failed.length} checkpoints failed: ${failed[0]!.reason}`);
  t.regex(logOf(scene.dir, 'coordinator'), /the checkpoint of step \d+ failed/);
});

test.serial(
  'truncated, flipped and missing files are named, and the next older checkpoint is used',
  async (t) => {
    t.timeout(600_000);
    await expected(t);
    const scene = await Scene.open(t, ['checkpoint.keepLast=10']);
    await scene.coordinator();
    await scene.worker(0);
    await until(() => scene.journal().filter(({ kind }) => kind === 'checkpoint').length >= 4, 120_000);
    await sleep(50);
    await scene.killAll();
    const { checkpoints } = runPaths(scene.dir);
    const [newest, second, third, fourth] = readdirSync(checkpoints)
      .filter((name) => name.startsWith('step-'))
      .toSorted()
      .toReversed();
    truncateSync(join(checkpoints, newest!, 'params.safetensors'), 1000);
    flipByte(join(checkpoints, second!, 'optimizer.safetensors'), 5000);
    rmSync(join(checkpoints, third!, 'params.safetensors'));
    await scene.coordinator();
    await scene.worker(0);
    await scene.endsWell();
    const log = logOf(scene.dir, 'coordinator');
    for (const bad of [newest, second, third]) t.regex(log, new RegExp(`checkpoint ${bad} cannot be used`));
    t.is(scene.journal().find(({ kind }) => kind === 'rewind')!.globalStep, Number(fourth!.slice(5)));
  },
);

function flipByte(path: string, at: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0]! ^= 1;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}
