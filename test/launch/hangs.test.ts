import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BIN, ROOT, scratch } from '../support/cli.js';
import { processesWith, until } from '../support/processes.js';
import { sshdProblem, startSshd, type Sshd } from '../support/sshd.js';
import { TINY } from '../support/tinyRun.js';

/**
 * Hosts that are wrong in a way of their own, each a real sshd whose Node starts in a mount namespace or with a clock of
 * its own. `npm run test:hangs` asks for these; the ways that can be told without training are in ssh.test.ts.
 */
const problem =
  process.env.DDPM_FLEET_HANGS === undefined ? 'npm run test:hangs' : (sshdProblem() ?? namespaceProblem());
const onHosts = problem === undefined ? test.serial : test.skip;

const library = fakeClock();
const withFakeClock = library === undefined ? test.skip : onHosts;

let sshd: Sshd;
test.before(async () => {
  if (!problem) sshd = await startSshd();
});
test.after.always(() => sshd?.close());

onHosts('what usually hangs: another data set on one host', async (t) => {
  t.timeout(180_000);
  const dir = directory(t);
  for (const [i, name] of ['images', 'others'].entries()) writeImages(join(dir, name), i);
  const node = wrapper(dir, `mount --bind ${dir}/others ${dir}/images`);
  const data = ['data.kind=idx', `data.path=${dir}/images`, 'data.channels=1'];
  const run = launch(t, dir, node, [...data.flatMap((pair) => ['--set', pair]), '--steps', '100000']);
  await run.reads(
    /worker-1 ended \(exit code 2\): its data set is \w+\.\.\., the run's \w+\.\.\.: give it the same files.* \(beta\)/,
  );
  await run.reads(/worker-1 was refused; the run goes on without it/);
  const refused = run.lines.length;
  await until(() => liveOf(run.dir).globalStep > 20, 'the other host trains');
  t.is(await run.stop(), 0, run.text());
  t.notRegex(run.lines.slice(refused).join('\n'), /waiting for .*worker-1/);
});

withFakeClock(
  'what usually hangs: the clock of one host is minutes off (Debian: apt-get install faketime)',
  async (t) => {
    t.timeout(180_000);
    const dir = directory(t);
    const node = wrapper(dir, `export LD_PRELOAD=${library} FAKETIME=-7m FAKETIME_DONT_FAKE_MONOTONIC=1`);
    const run = launch(t, dir, node, ['--steps', '5']);
    await run.reads(
      /beta: its clock is 4\d\d s off; training does not mind, log times do\. Switch NTP on there\./,
    );
    t.is(await run.ended, 0, run.text());
    t.is(liveSteps(run.dir), 5);
  },
);

onHosts('what usually hangs: a disk that is full from the start', async (t) => {
  t.timeout(60_000);
  const dir = directory(t);
  mount(t, join(dir, 'small'), '1m');
  const run = launch(t, dir, process.execPath, ['--steps', '5'], 'small');
  await run.reads(
    /cannot write into the run directory .* \(the disk of .* has [\d.]+ \w+ left, the next save needs 1\d\.\d MiB\)/,
  );
  t.is(await run.ended, 2, run.text());
});

onHosts('what usually hangs: a disk that fills up', async (t) => {
  t.timeout(180_000);
  const dir = directory(t);
  mount(t, join(dir, 'disk'), '200m');
  const run = launch(t, dir, process.execPath, ['--steps', '100000'], 'disk');
  await until(() => liveOf(run.dir).globalStep > 5, 'it trains', 90_000);
  const { pid } = liveOf(run.dir);
  fill(join(dir, 'disk', 'filler'));
  run.from();
  await run.reads(
    /the disk of .* has 0 B left, the next save needs 1\d\.\d MiB\. Training goes on in memory/,
  );
  const before = liveOf(run.dir).globalStep;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  rmSync(join(dir, 'disk', 'filler'));
  await run.reads(/has room again/);
  await until(() => liveOf(run.dir).globalStep > before + 20, 'it has gone on meanwhile', 20_000);
  t.is(liveOf(run.dir).pid, pid);
  t.is(await run.stop(), 0, run.text());
  t.notRegex(run.text(), / died; it is started again/);
});

onHosts('what usually hangs: the disk of a worker is full', async (t) => {
  t.timeout(180_000);
  const dir = directory(t);
  mkdirSync(join(dir, 'tmp'));
  const fillIt = `mount -t tmpfs -o size=64k tmpfs ${dir}/tmp; head -c 99999 /dev/zero > ${dir}/tmp/filler 2>/dev/null; export TMPDIR=${dir}/tmp`;
  const run = launch(t, dir, wrapper(dir, fillIt), ['--steps', '100000']);
  await run.reads(/worker-1 ended .*takes no files \(ENOSPC.*set TMPDIR to another directory\. \(beta\)/);
  await until(() => liveOf(run.dir).globalStep > 20, 'the other host trains');
  t.is(await run.stop(), 0, run.text());
});

interface Run {
  readonly dir: string;
  readonly lines: string[];
  readonly ended: Promise<number | null>;
  text(): string;
  /** From now on `reads` counts its seconds. */
  from(): void;
  /** Waits until it is said, and logs what and after how many seconds. */
  reads(expected: RegExp): Promise<void>;
  stop(): Promise<number | null>;
}

/** A launch on alpha and on beta, whose Node is `node`. */
function launch(t: ExecutionContext, dir: string, node: string, more: readonly string[], place = 'run'): Run {
  const hosts = join(dir, 'hosts.txt');
  writeFileSync(hosts, `alpha node=${process.execPath} cores=1\nbeta node=${node} cores=1\n`);
  const runDir = join(dir, place, 'train');
  const args = [
    ...['launch', 'configs/quickstart.yaml', ...TINY, '--set', 'samples.everySteps=0', ...more],
    ...['--run-dir', runDir, '--launcher', 'ssh', '--hosts', hosts, '--ssh-config', sshd.config],
    ...['--set', 'fleet.graceSeconds=5'],
  ];
  let begun = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await until(() => processesWith(dir).length === 0, 'nothing is left');
  });
  const lines: string[] = [];
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const run: Run = {
    dir: runDir,
    lines,
    ended,
    text: () => lines.join('\n'),
    from: () => (begun = performance.now()),
    reads: async (expected) => {
      const line = await until(() => lines.find((one) => expected.test(one)), String(expected), 90_000).catch(
        (error: Error) => t.fail(`${error.message}\n${run.text()}`) && '',
      );
      t.log(`${((performance.now() - begun) / 1000).toFixed(1)} s: ${line.replaceAll(dir, '...')}`);
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
  return run;
}

/** Node after these commands of the shell, in a mount namespace of its own. */
function wrapper(dir: string, commands: string): string {
  const file = join(dir, 'node');
  writeFileSync(
    file,
    `#!/bin/sh\nexec unshare -m sh -c '${commands}; exec ${process.execPath} "$@"' sh "$@"\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

/** 36 pictures of 8 x 8, others for another seed. */
function writeImages(dir: string, seed: number): void {
  const [count, size] = [36, 8];
  const bytes = Buffer.alloc(16 + count * size * size);
  for (const [i, word] of [0x803, count, size, size].entries()) bytes.writeUInt32BE(word, i * 4);
  for (let i = 16; i < bytes.length; i++) bytes[i] = (i * (7 + 4 * seed)) & 255;
  mkdirSync(dir);
  const file = join(dir, 'train-images-idx3-ubyte');
  writeFileSync(file, bytes);
  // What was decoded is known again by the times of its file; both were written at once.
  utimesSync(file, 1_700_000_000 + seed, 1_700_000_000 + seed);
}

function mount(t: ExecutionContext, place: string, size: string): void {
  mkdirSync(place);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place]);
  t.teardown(() => void execFileSync('umount', ['-l', place]));
}

function fill(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(256 << 20));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function liveOf(dir: string): { globalStep: number; pid: number } {
  try {
    return JSON.parse(readFileSync(join(dir, 'live.json'), 'utf8')) as { globalStep: number; pid: number };
  } catch {
    return { globalStep: -1, pid: 0 };
  }
}

/** Steps that the journal says were committed. */
function liveSteps(dir: string): number {
  const text = readFileSync(join(dir, 'journal.ndjson'), 'utf8');
  return text.split('\n').filter((line) => line.includes('"kind":"step"')).length;
}

function directory(t: ExecutionContext): string {
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function fakeClock(): string | undefined {
  const found = execFileSync('sh', ['-c', 'ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null || true']);
  return found.toString().split('\n')[0] || undefined;
}

function namespaceProblem(): string | undefined {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'a mount namespace needs root';
  }
}
