import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ddpmFleet, ROOT, scratch } from '../support/cli.js';
import { until } from '../support/processes.js';
import { TINY } from '../support/tinyRun.js';

const BIN = join(ROOT, 'packages/cli/bin/ddpm-fleet.js');

interface Live {
  readonly control: string;
  readonly globalStep: number;
  readonly workers: readonly { id: string; state: string }[];
}

test.serial(
  'a run without workers of its own: others join with a key, are looked at from afar, are drained',
  async (t) => {
    t.timeout(300_000);
    const dir = scratch();
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const run = join(dir, 'run');
    const keys = join(dir, 'keys');
    const start = (...args: string[]) => {
      const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, stdio: 'ignore' });
      t.teardown(() => child.kill('SIGKILL'));
      return { child, ended: new Promise<number | null>((resolve) => child.once('close', resolve)) };
    };
    const live = () => JSON.parse(readFileSync(join(run, 'live.json'), 'utf8')) as Live;
    const look = () => {
      try {
        return live();
      } catch {
        return undefined;
      }
    };
    const launch = start(
      ...['launch', 'configs/quickstart.yaml', ...TINY, '--set', 'samples.everySteps=0', '--steps', '100000'],
      ...['--workers', '0', '--run-dir', run, '--keys', keys, '--set', 'fleet.graceSeconds=5'],
    );
    const { control } = await until(() => look(), 'the coordinator is up');
    const join1 = (id: string) =>
      start('worker', '--join', control, '--key-file', join(keys, 'worker.json'), '--id', id);
    const first = join1('early');
    await until(() => (look()?.globalStep ?? 0) > 2, 'one worker trains', 120_000);
    const second = join1('late');
    const isActive = (id: string) => look()?.workers.some((one) => one.id === id && one.state === 'active');
    await until(() => isActive('late'), 'the late one has joined', 120_000);

    const status = await ddpmFleet(['status', control, '--key-file', join(keys, 'reader.json'), '--json']);
    t.is(status.code, 0, status.stderr);
    t.is((JSON.parse(status.stdout) as Live).workers.length, 2);
    const nobody = await ddpmFleet(['drain', run, 'nobody']);
    t.is(nobody.code, 2);
    t.regex(nobody.stderr, /no worker nobody, but early, late/);

    const drained = await ddpmFleet(['drain', run, 'early']);
    t.is(drained.code, 0, drained.stderr);
    t.is(await first.ended, 0);
    const { globalStep } = live();
    await until(() => (look()?.globalStep ?? 0) > globalStep + 2, 'the run goes on', 60_000);
    t.regex(readFileSync(join(run, 'journal.ndjson'), 'utf8'), /"worker":"early"[^\n]*it was asked to leave/);
    launch.child.kill('SIGTERM');
    t.is(await launch.ended, 0);
    await second.ended;
  },
);
