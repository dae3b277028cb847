import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ClientSecurity } from '@ddpm-fleet/transport';
import { ddpmFleet, ROOT, scratch } from '../support/cli.js';
import { until } from '../support/processes.js';
import { TINY } from '../support/tinyRun.js';

const BIN = join(ROOT, 'packages/cli/bin/ddpm-fleet.js');

/** A run with keys on this host, for attacking. */
export interface Target {
  readonly dir: string;
  readonly process: ChildProcess;
  readonly host: string;
  readonly control: number;
  keys(role: 'worker' | 'reader'): ClientSecurity;
  /** Of the coordinator's log. */
  log(): string;
  step(): number;
  /** The most memory that the coordinator has had, MiB. */
  peakMiB(): number;
  /** Ends the run in order. Returns the step that it was saved at. */
  stop(): Promise<number>;
}

const args = (dir: string, steps: number, more: readonly string[]) => [
  ...[
    'launch',
    'configs/quickstart.yaml',
    ...TINY,
    '--set',
    'samples.everySteps=0',
    '--steps',
    String(steps),
  ],
  ...['--set', 'checkpoint.everySteps=0', '--run-dir', join(dir, 'run'), ...more],
];

/** More than there is time for: the run is stopped. */
const ENDLESS = 1_000_000;

export async function startTarget(t: ExecutionContext): Promise<Target> {
  const dir = scratch();
  const more = ['--workers', '1', '--keys', join(dir, 'keys')];
  const child = spawn(process.execPath, [BIN, ...args(dir, ENDLESS, more)], { cwd: ROOT, stdio: 'ignore' });
  t.teardown(() => {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const live = () =>
    readJson<{ pid: number; control: string; globalStep: number }>(join(dir, 'run', 'live.json'));
  const first = await until(() => live(), 'the coordinator is up');
  const pid = first.pid;
  let peak = 0;
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    dir,
    process: child,
    host: '127.0.0.1',
    control: Number(first.control.split(':').at(-1)),
    keys: (role) => {
      const { publicKey, secretKey, serverKey } = readJson<Record<string, string>>(
        join(dir, 'keys', `${role}.json`),
      )!;
      return { keys: { publicKey: publicKey!, secretKey: secretKey! }, serverKey: serverKey! };
    },
    log: () => readFileSync(join(dir, 'run', 'logs', 'coordinator.ndjson'), 'utf8'),
    step: () => live()?.globalStep ?? -1,
    peakMiB: () => {
      const file = `/proc/${pid}/status`;
      const kib = existsSync(file) ? /^VmHWM:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
      return (peak = Math.max(peak, Number(kib ?? 0) / 1024));
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      const newest = readdirSync(join(dir, 'run', 'checkpoints'))
        .filter((name) => name.startsWith('step-'))
        .toSorted()
        .at(-1);
      return Number(newest!.slice('step-'.length));
    },
  };
}

/** The digest of the same run that nobody attacks. */
export async function undisturbed(t: ExecutionContext, steps: number): Promise<string> {
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const { code, stderr } = await ddpmFleet(args(dir, steps, ['--workers', '1']));
  if (code !== 0) throw new Error(stderr);
  return digestOf(dir);
}

export async function digestOf(dir: string): Promise<string> {
  return (await ddpmFleet(['checkpoint', 'digest', join(dir, 'run')])).stdout.trim();
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
