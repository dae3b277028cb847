import test from 'ava';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateEngine } from '../../src/index.js';
import { verifyEngine } from '../../src/install/verify.js';
import { ensureInstalled } from '../installed.js';
import { inScratch } from '../scratch.js';

const PROCESS = fileURLToPath(new URL('./installProcess.js', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves when a line starts so, or when the process is gone. */
  said(start: string): Promise<void>;
}

function install(from: string): Run {
  const child = spawn(process.execPath, [PROCESS, from], { stdio: ['ignore', 'pipe', 'inherit'] });
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
  return { child, lines, said };
}

/** When to kill: after a progress line, and so many milliseconds. */
const MOMENTS: readonly (readonly [string, number])[] = [
  ['installing', 0],
  ['installing', 300],
  ['compiling', 1500],
  ['verifying', 100],
  ['publishing', 0],
  ['publishing', 150],
];

test.serial(
  'killed at any moment, an install is absent or whole, and the next one does not mind',
  async (t) => {
    t.timeout(600_000);
    await ensureInstalled();
    const from = join(locateEngine()!.dir, 'tensorflow');
    await inScratch(
      (dir) => ({ DDPM_FLEET_HOME: dir }),
      async (dir) => {
        for (const [line, afterMs] of MOMENTS) {
          const run = install(from);
          await run.said(line);
          await sleep(afterMs);
          run.child.kill('SIGKILL');
          await once(run.child, 'close');
          const seen = locateEngine();
          if (seen) await t.notThrowsAsync(verifyEngine(seen), `killed at ${line} + ${afterMs} ms`);
          t.log(`killed at "${line}" + ${afterMs} ms: ${seen ? 'whole' : 'absent'}`);
        }
        const [first, second] = [install(from), install(from)];
        await Promise.all([first.said('DONE'), second.said('DONE')]);
        const engine = locateEngine();
        t.truthy(engine);
        await verifyEngine(engine!);
        for (const { lines } of [first, second]) t.is(lines.at(-1), `DONE ${engine!.dir}`);
        t.deepEqual(readdirSync(join(dir, 'engines')), [engine!.dir.split('/').at(-1)!]);
      },
    );
  },
);

test.serial('two installs at once do the work once', async (t) => {
  t.timeout(300_000);
  await ensureInstalled();
  const from = join(locateEngine()!.dir, 'tensorflow');
  await inScratch(
    (dir) => ({ DDPM_FLEET_HOME: dir }),
    async () => {
      const runs = [install(from), install(from)];
      await Promise.all(runs.map((run) => run.said('DONE')));
      const built = runs.filter(({ lines }) => lines.some((line) => line.startsWith('compiling')));
      const waited = runs.filter(({ lines }) => lines.some((line) => line.startsWith('waiting for process')));
      t.is(built.length, 1);
      t.is(waited.length, 1);
      t.not(built[0], waited[0]);
    },
  );
});
