import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ddpmFleet, ROOT, scratch } from '../support/cli.js';
import { processesWith, until } from '../support/processes.js';
import { TINY } from '../support/tinyRun.js';

const BIN = join(ROOT, 'packages/cli/bin/ddpm-fleet.js');
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const NAMES = ['coordinator', 'worker', 'reader'];

test.serial('no secret key shows in logs, ps, journal, checkpoint, status or errors', async (t) => {
  t.timeout(300_000);
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = join(dir, 'run');
  const keys = join(dir, 'keys');
  const args = [
    ...['launch', 'configs/quickstart.yaml', ...TINY, '--set', 'samples.everySteps=0', '--workers', '1'],
    ...['--steps', '100000', '--set', 'checkpoint.everySteps=6', '--set', 'log.level=debug'],
    ...['--set', 'log.everySteps=1', '--run-dir', run, '--keys', keys],
  ];
  let said = '';
  const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await until(() => stepOf(run) > 0, 'it trains', 120_000);

  const secrets = NAMES.map((name) => secretIn(join(keys, `${name}.json`)));
  t.is(new Set(secrets).size, 3);
  for (const secret of secrets) t.deepEqual(processesWith(secret), []);
  const control = (JSON.parse(readFileSync(join(run, 'live.json'), 'utf8')) as { control: string }).control;
  const status = await ddpmFleet(['status', control, '--key-file', join(keys, 'reader.json'), '--json']);
  t.is(status.code, 0, status.stderr);
  child.kill('SIGTERM');
  t.is(await ended, 0, said);

  const dry = await ddpmFleet([...args, '--dry-run', '--json', '--resume', 'auto']);
  const failures = await mistakes(dir, keys, control);
  const texts = [said, status.stdout, status.stderr, dry.stdout, dry.stderr, ...failures];
  const files = filesIn(run);
  for (const looked of ['journal.ndjson', 'coordinator.ndjson', 'worker-0.ndjson', 'params.safetensors'])
    t.true(
      files.some((file) => file.endsWith(looked)),
      looked,
    );
  for (const secret of secrets) {
    const shapes = [secret, decodeZ85(secret).toString('latin1'), decodeZ85(secret).toString('hex')];
    t.deepEqual(
      files.filter((file) => shapes.some((shape) => readFileSync(file, 'latin1').includes(shape))),
      [],
    );
    t.deepEqual(
      texts.filter((text) => text.includes(secret)),
      [],
    );
  }
  for (const name of NAMES) t.is(statSync(join(keys, `${name}.json`)).mode & 0o777, 0o600);
});

/** What is printed when key files are damaged, mixed up or missing. */
async function mistakes(dir: string, keys: string, control: string): Promise<string[]> {
  const broken = join(dir, 'broken.json');
  writeFileSync(broken, readFileSync(join(keys, 'worker.json'), 'utf8').slice(0, -20));
  const mixed = join(dir, 'mixed');
  mkdirSync(mixed);
  for (const name of NAMES) copyFileSync(join(keys, 'worker.json'), join(mixed, `${name}.json`));
  const results = await Promise.all([
    ddpmFleet(['worker', '--join', control, '--key-file', broken]),
    ddpmFleet(['status', control, '--key-file', broken]),
    ddpmFleet(['coordinator', '--run-dir', join(dir, 'run'), '--key-file', join(mixed, 'coordinator.json')]),
  ]);
  for (const { code, stderr } of results) {
    if (code === 0 || stderr === '') throw new Error('a mistake went unnoticed');
  }
  return results.map(({ stdout, stderr }) => stdout + stderr);
}

function secretIn(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { secretKey: string }).secretKey;
}

/** The bytes that libsodium computes with. */
function decodeZ85(text: string): Buffer {
  const out = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    const word = [...text.slice(at, at + 5)].reduce((sum, digit) => sum * 85 + Z85.indexOf(digit), 0);
    out.writeUInt32BE(word, (at / 5) * 4);
  }
  return out;
}

function stepOf(run: string): number {
  try {
    return (JSON.parse(readFileSync(join(run, 'live.json'), 'utf8')) as { globalStep: number }).globalStep;
  } catch {
    return -1;
  }
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
