import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isAlive, read, scratch, script, until } from '../fixtures.js';

const INDEX = new URL('../../src/index.js', import.meta.url).href;

/** A launcher in a process of its own, so that it can be killed; it starts `children` (id to script). */
async function launcher(t: ExecutionContext, children: Record<string, string>, graceMs: number) {
  const dir = await scratch(t);
  const specs = await Promise.all(
    Object.entries(children).map(async ([id, body]) => ({
      id,
      role: id === 'coordinator' ? 'coordinator' : 'worker',
      host: 'localhost',
      args: [await script(dir, id, body)],
      env: {},
      logFile: join(dir, `${id}.log`),
      device: { kind: 'cpu', threads: 1 },
    })),
  );
  const entry = await script(
    dir,
    'launcher',
    `import { localDriver } from ${JSON.stringify(INDEX)};
     const driver = localDriver({ graceMs: ${graceMs} });
     for (const spec of ${JSON.stringify(specs)}) console.log((await driver.start(spec)).pid);
     setInterval(() => {}, 1000);`,
  );
  const process = spawn(globalThis.process.execPath, [entry], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  process.stdout.on('data', (text: Buffer) => (out += text.toString()));
  t.teardown(() => process.kill('SIGKILL'));
  const started = () => out.split('\n').filter(Boolean).map(Number);
  const pids = await until(() => started().length === specs.length && started());
  t.teardown(() => pids.forEach((pid) => killQuietly(pid)));
  await until(async () =>
    (await Promise.all(specs.map((s) => read(s.logFile)))).every((log) => log.includes('ready')),
  );
  return { process, pids, log: (id: string) => read(join(dir, `${id}.log`)) };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // As it should be: it is gone.
  }
}

const STUBBORN =
  'process.on("SIGTERM", () => console.log("asked")); setInterval(() => {}, 1000); console.log("ready");';
const BUSY = 'console.log("ready"); for (;;);';

test('kill -9 of the launcher ends its children, even those that are busy or do not listen', async (t) => {
  const { process, pids, log } = await launcher(
    t,
    { coordinator: STUBBORN, 'worker-0': STUBBORN, 'worker-1': BUSY },
    300,
  );
  process.kill('SIGKILL');
  await until(async () => (await Promise.all(pids.map(isAlive))).every((alive) => !alive));
  t.regex(await log('coordinator'), /asked/);
  t.notRegex(await log('worker-0'), /asked/);
});

test('a coordinator that heeds the request has the grace period to finish', async (t) => {
  const graceful =
    'process.on("SIGTERM", () => setTimeout(() => { console.log("saved"); process.exit(0); }, 200)); setInterval(() => {}, 1000); console.log("ready");';
  const { process, pids, log } = await launcher(t, { coordinator: graceful }, 5000);
  process.kill('SIGKILL');
  await until(async () => !(await isAlive(pids[0]!)), 4000);
  t.regex(await log('coordinator'), /saved/);
});

test('a launcher that exits by itself leaves nothing, without waiting', async (t) => {
  const dir = await scratch(t);
  const child = await script(dir, 'child', STUBBORN);
  const spec = {
    id: 'worker-0',
    role: 'worker',
    host: 'localhost',
    args: [child],
    env: {},
    logFile: join(dir, 'log'),
    device: { kind: 'cpu', threads: 1 },
  };
  const entry = await script(
    dir,
    'launcher',
    `import { localDriver } from ${JSON.stringify(INDEX)};
     console.log((await localDriver({ graceMs: 60000 }).start(${JSON.stringify(spec)})).pid);
     setTimeout(() => { throw new Error('a bug'); }, 300);`,
  );
  const process = spawn(globalThis.process.execPath, [entry], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await process.stdout.toArray()) as Buffer[];
  const pid = Number(text!.toString());
  t.true(pid > 0);
  t.teardown(() => killQuietly(pid));
  await until(async () => !(await isAlive(pid)), 3000);
});
