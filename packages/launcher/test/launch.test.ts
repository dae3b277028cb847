import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  launch,
  localDriver,
  type LaunchEvent,
  type LaunchPlan,
  type SupervisionPolicy,
} from '../src/index.js';
import { isAlive, read, scratch, script, specOf, until } from './fixtures.js';

const POLICY: SupervisionPolicy = {
  maxRestarts: 2,
  minWorkers: 1,
  graceMs: 3000,
  backoffMs: 20,
  maxBackoffMs: 100,
  stableMs: 60_000,
};

const WORKER =
  'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); console.log("ready");';
const COORDINATOR = `
  import { existsSync } from 'node:fs';
  const over = () => { console.log('saved'); process.exit(0); };
  process.on('SIGTERM', over);
  process.on('SIGUSR1', () => console.log('checkpoint'));
  setInterval(() => existsSync(process.env.DONE) && over(), 20);
  console.log('ready');`;

async function begin(
  t: ExecutionContext,
  scripts: Record<string, string>,
  policy: Partial<SupervisionPolicy> = {},
) {
  const dir = await scratch(t);
  const specs = await Promise.all(
    Object.entries(scripts).map(async ([id, body]) =>
      specOf(dir, id, await script(dir, id, body), { DONE: join(dir, 'done.mjs') }),
    ),
  );
  const plan: LaunchPlan = {
    coordinator: specs[0]!,
    workers: specs.slice(1),
    rendezvous: { encrypted: false },
    notes: [],
  };
  const events: LaunchEvent[] = [];
  const run = launch(plan, localDriver({ graceMs: 1000 }), {
    policy: { ...POLICY, ...policy },
    onEvent: (event) => events.push(event),
  });
  const pidsOf = (id: string) => events.flatMap((e) => (e.type === 'started' && e.id === id ? [e.pid] : []));
  return { dir, run, events, pidsOf, log: (id: string) => read(join(dir, 'logs', `${id}.ndjson`)) };
}

test('the run ends when the coordinator says so, and nothing is left', async (t) => {
  const { dir, run, pidsOf, log } = await begin(t, {
    coordinator: COORDINATOR,
    'worker-0': WORKER,
    'worker-1': WORKER,
  });
  await until(
    async () => (await log('worker-0')).includes('ready') && (await log('worker-1')).includes('ready'),
  );
  await script(dir, 'done', '');
  t.like(await run.ended, { kind: 'done', exitCode: 0, restarts: 0 });
  for (const id of ['coordinator', 'worker-0', 'worker-1']) t.false(await isAlive(pidsOf(id)[0]!));
});

test('what is killed is started again', async (t) => {
  const { run, pidsOf, log } = await begin(t, { coordinator: COORDINATOR, 'worker-0': WORKER });
  await until(
    async () => (await log('worker-0')).includes('ready') && (await log('coordinator')).includes('ready'),
  );
  process.kill(pidsOf('worker-0')[0]!, 'SIGKILL');
  await until(() => pidsOf('worker-0').length === 2);
  process.kill(pidsOf('coordinator')[0]!, 'SIGKILL');
  await until(async () => (await log('coordinator')).split('ready').length === 3);
  run.stop('enough');
  t.like(await run.ended, { kind: 'stopped', restarts: 2, reason: 'enough' });
  t.regex(await log('coordinator'), /saved/);
});

test('a worker that cannot start ends the run with its last words', async (t) => {
  const refused = 'console.error("this dataset has another hash"); process.exitCode = 2;';
  const { run } = await begin(t, { coordinator: COORDINATOR, 'worker-0': refused });
  const end = await run.ended;
  t.like(end, { kind: 'failed', exitCode: 2, restarts: 0 });
  t.regex(end.tail!, /another hash/);
});

test('a failure that is the same again ends the run with its cause', async (t) => {
  const failing = 'console.error("error: there is no kernel for Foo"); process.exitCode = 1;';
  const { run } = await begin(t, { coordinator: COORDINATOR, 'worker-0': failing }, { maxRestarts: 8 });
  const end = await run.ended;
  t.like(end, { kind: 'failed', exitCode: 1, restarts: 1 });
  t.regex(end.reason, /^there is no kernel for Foo \(worker-0 ended so twice/);
});

test('crashes end at the limit', async (t) => {
  const { run } = await begin(t, { coordinator: COORDINATOR, 'worker-0': 'process.exit(1)' });
  t.like(await run.ended, {
    kind: 'failed',
    exitCode: 1,
    restarts: 2,
    reason: 'worker-0 died 3 times in a row',
  });
});

test('a coordinator that ignores the wish to stop is killed after the grace period', async (t) => {
  const deaf = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready");';
  const { run, log, pidsOf } = await begin(t, { coordinator: deaf, 'worker-0': WORKER }, { graceMs: 300 });
  await until(async () => (await log('coordinator')).includes('ready'));
  run.stop('SIGTERM');
  t.like(await run.ended, { kind: 'stopped' });
  t.false(await isAlive(pidsOf('coordinator')[0]!));
});

test('SIGUSR1 reaches the coordinator and the run goes on', async (t) => {
  const { run, log } = await begin(t, { coordinator: COORDINATOR, 'worker-0': WORKER });
  await until(async () => (await log('coordinator')).includes('ready'));
  run.checkpoint();
  await until(async () => (await log('coordinator')).includes('checkpoint'));
  run.stop('end');
  t.like(await run.ended, { kind: 'stopped' });
});

test('an unwritable log directory is an error, not a hang', async (t) => {
  const dir = await scratch(t);
  const entry = await script(dir, 'w', WORKER);
  const file = await script(dir, 'file', '');
  const spec = { ...specOf(dir, 'worker-0', entry), logFile: join(file, 'logs', 'worker-0.ndjson') };
  const driver = localDriver({ graceMs: 1000 });
  await t.throwsAsync(driver.start(spec), {
    code: 'DDPM_ERR_LAUNCH_START',
    message: /worker-0 cannot be started/,
  });
  await driver.close();
});

test('Ctrl-C to the launcher ends the run in order: the children do not hear it', async (t) => {
  const dir = await scratch(t);
  const specs = [
    specOf(dir, 'coordinator', await script(dir, 'coordinator', COORDINATOR)),
    specOf(
      dir,
      'worker-0',
      await script(dir, 'worker-0', `${WORKER} process.on("SIGINT", () => console.log("heard"));`),
    ),
  ];
  const index = JSON.stringify(new URL('../src/index.js', import.meta.url).href);
  const launcher = await script(
    dir,
    'launcher',
    `import { launch, localDriver, obeySignals } from ${index};
     const [coordinator, ...workers] = ${JSON.stringify(specs)};
     const policy = ${JSON.stringify(POLICY)};
     const run = launch({ coordinator, workers, notes: [] }, localDriver({ graceMs: 1000 }), { policy });
     const stopListening = obeySignals(run);
     const { kind, reason } = await run.ended;
     stopListening();
     console.log(kind, reason);`,
  );
  // In a session of its own, as a terminal would give it; the signal goes to its whole process group.
  const child = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  t.teardown(() => child.kill('SIGKILL'));
  await until(async () =>
    (await Promise.all(specs.map((s) => read(s.logFile)))).every((log) => log.includes('ready')),
  );
  process.kill(-child.pid!, 'SIGINT');
  const text = Buffer.concat((await child.stdout.toArray()) as Buffer[]).toString();
  t.is(text.trim(), 'stopped SIGINT');
  t.regex(await read(specs[0]!.logFile), /saved/);
  t.notRegex(await read(specs[1]!.logFile), /heard/);
});
