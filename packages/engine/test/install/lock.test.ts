import test from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../src/install/lock.js';
import { inScratch } from '../scratch.js';

const nothing = (): Record<string, string> => ({});

test('holders follow one another, and the waiting one is told who holds it', async (t) => {
  await inScratch(nothing, async (dir) => {
    const path = join(dir, 'lock');
    const waited: string[] = [];
    let inside = 0;
    const enter = (): Promise<void> =>
      withLock(
        path,
        (holder) => void waited.push(holder),
        async () => {
          t.is(++inside, 1);
          await sleep(50);
          inside--;
        },
      );
    await Promise.all([enter(), enter(), enter()]);
    t.deepEqual(waited, [waited[0]!, waited[0]!]);
    t.regex(waited[0]!, new RegExp(`process ${process.pid} on ${hostname()}`));
    t.deepEqual(readdirSync(dir), []);
  });
});

test('the lock goes when its task fails', async (t) => {
  await inScratch(nothing, async (dir) => {
    const path = join(dir, 'lock');
    await t.throwsAsync(
      withLock(
        path,
        () => {},
        () => Promise.reject(new Error('no')),
      ),
      { message: 'no' },
    );
    t.false(existsSync(path));
  });
});

test('the lock of a process that was killed is taken over', async (t) => {
  await inScratch(nothing, async (dir) => {
    const path = join(dir, 'lock');
    const lock = new URL('../../src/install/lock.js', import.meta.url).href;
    const code = `import { withLock } from '${lock}';
      await withLock(${JSON.stringify(path)}, () => {}, () => new Promise(() => setInterval(() => console.log('held'), 20)));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    t.true(existsSync(path));
    child.kill('SIGKILL');
    await once(child, 'exit');
    t.true(existsSync(path));
    t.is(
      await withLock(
        path,
        () => t.fail('nobody lives to wait for'),
        () => Promise.resolve(7),
      ),
      7,
    );
    t.deepEqual(readdirSync(dir), []);
  });
});

test('a holder that stopped refreshing is dead, whatever process has its id now', async (t) => {
  await inScratch(nothing, async (dir) => {
    const path = join(dir, 'lock');
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'other' }));
    utimesSync(path, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    t.is(
      await withLock(
        path,
        () => t.fail('nobody lives to wait for'),
        () => Promise.resolve(7),
      ),
      7,
    );
  });
});

test('a holder on another host is waited for while it refreshes', async (t) => {
  await inScratch(nothing, async (dir) => {
    const path = join(dir, 'lock');
    writeFileSync(path, JSON.stringify({ pid: 1, host: 'another', token: 'other' }));
    const told: string[] = [];
    const done = withLock(
      path,
      (holder) => void told.push(holder),
      () => Promise.resolve(),
    );
    await sleep(600);
    t.deepEqual(told, ['process 1 on another']);
    utimesSync(path, new Date(0), new Date(0));
    await done;
    t.false(existsSync(path));
  });
});
