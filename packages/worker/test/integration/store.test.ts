import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { openStore } from '@ddpm-fleet/checkpoint';
import { Proxy } from '@ddpm-fleet/s3/test/proxy';
import { findServer, pointAt, S3Server } from '@ddpm-fleet/s3/test/s3Server';
import { runPaths } from '@ddpm-fleet/config';
import { digestOf, journal, live, logOf, makeRun, startFleet, train, until, writeRun } from './fleet.js';

/** With outages a run takes a while; without them the shortest that is saved twice will do. */
const LONG = process.env['DDPM_TEST_LONG'] === '1';
const [EVERY, STEPS] = LONG ? [10, 90] : [8, 24];
const SET = [
  `checkpoint.everySteps=${EVERY}`,
  'checkpoint.everySeconds=0',
  'checkpoint.keepLast=20',
  'log.heldOutEvery=0',
  'fleet.minWorkers=2',
];
const steps = (count: number): string => `train.steps=${count}`;

const found = await findServer();
const server = typeof found === 'string' ? undefined : await S3Server.open(found.binary);
test.after.always(async () => {
  await server?.close();
});

let places = 0;
const nextPlace = (): string => `s3://fleet/run-${places++}`;

/** The digests of the same run when nothing happens to it, its checkpoints in its directory. */
let undisturbed: Promise<Map<number, string>> | undefined;
function expected(t: ExecutionContext): Promise<Map<number, string>> {
  undisturbed ??= (async () => {
    const dir = await makeRun(t, [...SET, steps(STEPS), 'fleet.minWorkers=1']);
    await train(t, dir, 1);
    return digests(runPaths(dir).checkpoints);
  })();
  return undisturbed;
}

async function digests(place: string): Promise<Map<number, string>> {
  const infos = await openStore(place).list();
  return new Map(infos.map(({ globalStep, manifest }) => [globalStep, manifest!.digest]));
}

async function assertWhole(t: ExecutionContext, place: string): Promise<void> {
  const verdicts = await openStore(place).verify();
  t.deepEqual(
    verdicts.filter(({ problem }) => problem !== undefined),
    [],
  );
}

test.serial('workers write a checkpoint together, each a share: the same checkpoint', async (t) => {
  t.timeout(300_000);
  const right = await expected(t);
  const dir = await makeRun(t, [...SET, steps(2 * EVERY), 'checkpoint.writers=2', 'checkpoint.keepBest=1']);
  await train(t, dir, 2);
  const { checkpoints } = runPaths(dir);
  const infos = await openStore(checkpoints).list();
  t.deepEqual(
    infos.map(({ globalStep }) => globalStep),
    [2 * EVERY, EVERY],
  );
  for (const { globalStep, manifest } of infos) {
    t.is(manifest!.digest, right.get(globalStep)!);
    t.deepEqual([...new Set(manifest!.files.map(({ share }) => share))].toSorted(), [0, 1]);
    t.is(typeof manifest!.meta.losses.heldOut, 'number', 'the best is kept by it');
    t.truthy(manifest!.meta.journalHead);
  }
  await assertWhole(t, checkpoints);
});

function onServer(title: string, body: (t: ExecutionContext, s3: S3Server) => Promise<void>): void {
  if (!server) return void test.skip(`${title}: ${found as string}`, () => {});
  test.serial(title, async (t) => {
    t.timeout(300_000);
    pointAt(`http://127.0.0.1:${server.port}`);
    await body(t, server);
  });
}

onServer('a run keeps its checkpoints on S3: saves, prunes, resumes', async (t) => {
  const right = await expected(t);
  const place = nextPlace();
  const set = [...SET, `checkpoint.store=${place}`, 'checkpoint.keepLast=1'];
  const dir = await makeRun(t, [...set, steps(2 * EVERY)]);
  await train(t, dir, 2);
  t.deepEqual([...(await digests(place)).keys()], [2 * EVERY]);
  t.true(journal(dir).some(({ kind, globalStep }) => kind === 'checkpoint' && globalStep === EVERY));
  await writeRun(dir, [...set, steps(STEPS), 'checkpoint.writers=2']);
  await train(t, dir, 2);
  const now = await digests(place);
  t.deepEqual([...now], [[STEPS, right.get(STEPS)!]]);
  await assertWhole(t, place);
});

onServer('a wrong secret ends the run before it begins, and nothing tells the secret', async (t, s3) => {
  pointAt(`http://127.0.0.1:${s3.port}`, 'another-secret');
  const dir = await makeRun(t, [...SET, steps(8), `checkpoint.store=${nextPlace()}`]);
  const end = await startFleet(t, dir, 2, { policy: { maxRestarts: 0 } }).run.ended;
  t.not(end.kind, 'done');
  const told = `${end.reason}${end.tail ?? ''}${logOf(dir, 'coordinator')}${readFileSync(runPaths(dir).journal, 'utf8')}`;
  t.regex(told, /403 SignatureDoesNotMatch/);
  t.notRegex(told, /another-secret|test-secret|test-access/);
});

/** Runs that meet outages take a minute each. */
function withOutage(title: string, body: Parameters<typeof onServer>[1]): void {
  if (LONG) onServer(title, body);
  else test.serial.skip(`${title} (npm run marathon:store -w @ddpm-fleet/worker)`, () => {});
}

/** The run goes through a slow connection; something happens when so much of a save went through it. */
async function throughSlowProxy(
  t: ExecutionContext,
  s3: S3Server,
  writers: number,
  happen: (fleet: ReturnType<typeof startFleet>) => Promise<void>,
): Promise<string> {
  const proxy = await Proxy.open(s3.port);
  t.teardown(() => proxy.close());
  pointAt(proxy.url);
  proxy.bytesPerSecond = 3e6;
  const place = nextPlace();
  const set = [...SET, steps(STEPS), `checkpoint.store=${place}`, `checkpoint.writers=${writers}`];
  const fleet = startFleet(t, await makeRun(t, set), 3);
  let happened: Promise<void> | undefined;
  proxy.onSent = (sent) => {
    if (sent < 3e6 || happened) return;
    happened = happen(fleet).finally(() => (proxy.bytesPerSecond = Infinity));
    happened.catch(() => {});
  };
  const end = await fleet.run.ended;
  t.is(end.kind, 'done', `${end.reason}\n${end.tail ?? ''}`);
  t.truthy(happened);
  await happened;
  const saved = await digests(place);
  const right = await expected(t);
  // A save that was given up is made up for at any step.
  for (const [step, digest] of saved) if (right.has(step)) t.is(digest, right.get(step)!, `step ${step}`);
  t.true(saved.has(STEPS));
  await assertWhole(t, place);
  return fleet.dir;
}

for (const writers of [0, 2]) {
  withOutage(
    `the server is slow, then killed in mid-upload (${writers} writers): training goes on`,
    async (t, s3) => {
      await throughSlowProxy(t, s3, writers, async ({ dir }) => {
        const at = live(dir)!.globalStep;
        await until(() => live(dir)!.globalStep >= at + 2);
        await s3.kill();
        const dead = live(dir)!.globalStep;
        await until(() => live(dir)!.globalStep >= dead + 3);
        await s3.start();
        t.deepEqual(await openStore(`s3://fleet/run-${places - 1}`).list(), [], 'half a save is not listed');
        t.log(`${live(dir)!.globalStep - at} steps while the first save was under way`);
      });
    },
  );
}

withOutage(
  'a writer is killed in mid-upload: its share is given up with the others, and the next save has all',
  async (t, s3) => {
    const dir = await throughSlowProxy(t, s3, 3, async (fleet) => {
      process.kill(fleet.pid('worker-1'), 'SIGKILL');
      await until(() => logOf(fleet.dir, 'coordinator').includes('one of its writers is gone'));
    });
    t.false(journal(dir).some(({ kind }) => kind === 'checkpointFailed'));
    t.is(await digestOf(dir).catch(() => 'none there'), 'none there', 'nothing is in the run directory');
  },
);
