import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LauncherDriver, RunningProcess } from '../driver.js';
import type { ProcessSpec } from '../launchPlan.js';

export type ConformanceTest = (title: string, body: (t: { pass(): void }) => Promise<void>) => void;

interface Bench {
  readonly driver: LauncherDriver;
  readonly start: (script: string, env?: Record<string, string>) => Promise<RunningProcess>;
  readonly log: () => Promise<string>;
}

/**
 * What every launcher driver must do, with real processes.
 * @param host a host on which the driver can start processes and this one can read the log files
 */
export function driverConformance(
  test: ConformanceTest,
  open: () => Promise<LauncherDriver>,
  host: string,
): void {
  const check = (title: string, body: (bench: Bench) => Promise<void>) =>
    test(title, async (t) => {
      await withBench(open, host, body);
      t.pass();
    });

  check('a process gets its arguments and environment, and its output is logged', async ({ start, log }) => {
    const child = await start(
      'console.log(process.env.GREETING, process.argv[2]); console.error("to stderr")',
      {
        GREETING: 'hello',
      },
    );
    const { code, signal } = await child.exited;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.match(await log(), /hello argument/);
    assert.match(await log(), /to stderr/);
  });

  check('the exit code and the last words come back', async ({ start }) => {
    const child = await start('console.error("no such luck"); process.exitCode = 2');
    const { code, tail } = await child.exited;
    assert.equal(code, 2);
    assert.match(tail, /no such luck/);
  });

  check(
    'the log is appended to, and the last words are those of the last process',
    async ({ start, log }) => {
      await (
        await start('console.log("first")')
      ).exited;
      const { tail } = await (await start('console.log("second")')).exited;
      assert.match(await log(), /first[^]*second/);
      assert.doesNotMatch(tail, /first/);
    },
  );

  check('SIGTERM reaches the process', async ({ start, log }) => {
    const child = await start(
      'process.on("SIGTERM", () => { clearInterval(i); process.exitCode = 7 }); const i = setInterval(() => {}, 1000); console.log("ready")',
    );
    await until(async () => (await log()).includes('ready'));
    await child.signal('SIGTERM');
    assert.equal((await child.exited).code, 7);
  });

  check('SIGKILL ends a process that will not listen', async ({ start, log }) => {
    const child = await start(
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")',
    );
    await until(async () => (await log()).includes('ready'));
    await child.signal('SIGTERM');
    await child.signal('SIGKILL');
    const { code } = await child.exited;
    assert.notEqual(code, 0);
    await child.signal('SIGTERM');
  });

  check('close leaves nothing behind', async ({ driver, start, log }) => {
    const child = await start(
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")',
    );
    await until(async () => (await log()).includes('ready'));
    await driver.close();
    assert.notEqual((await child.exited).code, 0);
  });
}

async function withBench(
  open: () => Promise<LauncherDriver>,
  host: string,
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'ddpm-driver-'));
  const driver = await open();
  const logFile = join(dir, 'logs', 'worker-0.ndjson');
  const start = async (script: string, env: Record<string, string> = {}) => {
    const entry = join(dir, 'entry.mjs');
    await writeFile(entry, script);
    return driver.start(specOf(entry, env, logFile, host));
  };
  try {
    await body({ driver, start, log: async () => readFile(logFile, 'utf8').catch(() => '') });
  } finally {
    await driver.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function specOf(entry: string, env: Record<string, string>, logFile: string, host: string): ProcessSpec {
  return {
    id: 'worker-0',
    role: 'worker',
    host,
    args: [entry, 'argument'],
    env,
    logFile,
    device: { kind: 'cpu', threads: 1 },
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail('it never came true');
}
