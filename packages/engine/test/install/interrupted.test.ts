import test from 'ava';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateEngine } from '../../src/index.js';
import { verifyEngine } from '../../src/install/verify.js';
import { ensureInstalled } from '../installed.js';

const PROCESS = fileURLToPath(new URL('./installProcess.js', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves when the process is gone, however early that was. */
  readonly closed: Promise<unknown>;
  /** Resolves when a line starts so, or when the process is gone. */
  said(start: string): Promise<void>;
}

function install(from: string): Run {
  const child = spawn(process.execPath, [PROCESS, from], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const said = async (start: string): Promise<void> => {
    const ended = once(child, 'exit');
    while (!lines.some((line) => line.startsWith(start))) {
      await Promise.race([once(reader, 'line'), ended]);
      if (child.exitCode !== null) return;
    }
  };
  return { child, lines, closed, said };
}

/** When to kill: after a progress line, and so many milliseconds. */
const MOMENTS: readonly (readonly [line: string, afterMs: number, isLong: boolean])[] = [
  ['installing', 0, false],
  ['installing', 300, false],
  ['compiling', 1500, false],
  ['verifying', 100, true],
  ['publishing', 0, true],
  ['publishing', 150, false],
];

/** A minute each: `npm run survival` has them as well. */
const long = process.env['DDPM_TEST_LONG'] ? test.serial : test.serial.skip;

let home: string;
let from: string;

test.before(async () => {
  await ensureInstalled();
  from = join(locateEngine()!.dir, 'tensorflow');
  home = mkdtempSync(join(tmpdir(), 'ddpm-fleet-test-'));
  process.env['DDPM_FLEET_HOME'] = home;
});

test.after.always(() => {
  delete process.env['DDPM_FLEET_HOME'];
  rmSync(home, { recursive: true, force: true });
});

for (const [line, afterMs, isLong] of MOMENTS) {
  (isLong ? long : test.serial)(
    `an install killed ${afterMs} ms after "${line}" is absent or whole`,
    async (t) => {
      const run = install(from);
      await run.said(line);
      await sleep(afterMs);
      run.child.kill('SIGKILL');
      await run.closed;
      const seen = locateEngine();
      t.log(seen ? 'whole' : 'absent');
      if (seen) await t.notThrowsAsync(verifyEngine(seen));
      t.is(locateEngine()?.dir, seen?.dir);
    },
  );
}

test.serial('after all those the next install works and sweeps what they left', async (t) => {
  const run = install(from);
  await run.said('DONE');
  const engine = locateEngine()!;
  t.is(run.lines.at(-1), `DONE ${engine.dir}`);
  await t.notThrowsAsync(verifyEngine(engine));
});

long('two installs at once do the work once', async (t) => {
  rmSync(join(home, 'engines'), { recursive: true, force: true });
  const runs = [install(from), install(from)];
  await Promise.all(runs.map((run) => run.said('DONE')));
  const built = runs.filter(({ lines }) => lines.some((line) => line.startsWith('compiling')));
  const waited = runs.filter(({ lines }) => lines.some((line) => line.startsWith('waiting for process')));
  t.is(built.length, 1);
  t.is(waited.length, 1);
  t.not(built[0], waited[0]);
  t.deepEqual(readdirSync(join(home, 'engines')), [basename(locateEngine()!.dir)]);
});
