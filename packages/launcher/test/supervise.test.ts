import test from 'ava';
import {
  backoffMs,
  beginSupervision,
  nextWake,
  supervise,
  type Decision,
  type Supervision,
  type SupervisionEvent,
  type SupervisionPolicy,
} from '../src/index.js';

const POLICY: SupervisionPolicy = {
  maxRestarts: 3,
  minWorkers: 1,
  graceMs: 5000,
  backoffMs: 100,
  maxBackoffMs: 1000,
  stableMs: 60_000,
};

/** Feeds events to a run of one coordinator and two workers that have all been started at time 0. */
function run(events: SupervisionEvent[], policy: Partial<SupervisionPolicy> = {}) {
  const ids = ['coordinator', 'worker-0', 'worker-1'] as const;
  let state: Supervision = beginSupervision(
    ids.map((id) => ({ id, role: id === 'coordinator' ? 'coordinator' : 'worker' })),
    0,
  );
  let decisions: readonly Decision[] = [];
  for (const event of [{ type: 'tick', now: 0 } as SupervisionEvent, ...events]) {
    ({ state, decisions } = supervise(state, event, { ...POLICY, ...policy }));
  }
  return { state, decisions, words: decisions.map(inWords) };
}

function inWords(decision: Decision): string {
  switch (decision.type) {
    case 'start':
      return `start ${decision.id}`;
    case 'signal':
      return `${decision.signal} ${decision.id}`;
    case 'note':
      return 'note';
    case 'finish':
      return `finish ${decision.outcome.kind} ${decision.outcome.exitCode}`;
  }
}

const exited = (id: string, code: number | null, now = 1000): SupervisionEvent => ({
  type: 'exited',
  id,
  code,
  now,
});
/** It stated why. */
const stated = (words: string, now: number, code = 1): SupervisionEvent => ({
  ...exited('worker-0', code, now),
  ...{ words },
});
const tick = (now: number): SupervisionEvent => ({ type: 'tick', now });
const stop = (now: number): SupervisionEvent => ({ type: 'stop', now, reason: 'SIGTERM' });

test('the first tick starts everything', (t) => {
  t.deepEqual(run([]).words, ['start coordinator', 'start worker-0', 'start worker-1']);
  t.is(nextWake(run([]).state), undefined);
});

test('a killed worker is started again at once, then later and later', (t) => {
  t.deepEqual(run([exited('worker-1', null)]).words, ['note', 'start worker-1']);
  const twice = run([exited('worker-1', null), exited('worker-1', null, 1010)]);
  t.deepEqual(twice.words, ['note']);
  t.is(nextWake(twice.state), 1110);
  const after = [exited('worker-1', null), exited('worker-1', null, 1010)];
  t.deepEqual(run([...after, tick(1109)]).words, []);
  t.deepEqual(run([...after, tick(1110)]).words, ['start worker-1']);
});

test('the back-off doubles up to its limit', (t) => {
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((n) => backoffMs(n, POLICY)),
    [0, 100, 200, 400, 800, 1000, 1000],
  );
});

test('a process that lived long starts counting anew', (t) => {
  const crashes = [
    exited('worker-0', null, 1000),
    exited('worker-0', null, 62_000),
    exited('worker-0', null, 130_000),
  ];
  t.deepEqual(run(crashes).words, ['note', 'start worker-0']);
});

test('a worker that dies too often in a row is given up; the run goes on with the others', (t) => {
  const crashes = [0, 1, 2, 3].flatMap((i) => [
    exited('worker-0', 1, 1000 * (i + 1)),
    tick(1000 * (i + 1) + 900),
  ]);
  const { state, words } = run(crashes.slice(0, -1));
  t.deepEqual(words, ['note']);
  t.is(state.processes.find((p) => p.id === 'worker-0')!.status, 'failed');
  t.is(state.ending, undefined);
});

test('a worker that states the same failure twice is given up: starting it again does not help', (t) => {
  const twice = [stated('no kernel for Foo', 1000), stated('no kernel for Foo', 26_000)];
  t.is(run(twice).state.processes.find((p) => p.id === 'worker-0')!.status, 'failed');
  t.is(run(twice).state.ending, undefined);
  t.like(run(twice, { minWorkers: 2 }).state.ending?.outcome, {
    kind: 'failed',
    exitCode: 1,
    reason: 'no kernel for Foo (worker-0 ended so twice: starting it again does not help)',
  });
});

for (const [why, ...ends] of [
  ['other words', stated('this', 1000), stated('that', 2000)],
  ['no words', exited('worker-0', 1, 1000), exited('worker-0', 1, 2000)],
  ['time may mend it', stated('disk full', 1000, 75), stated('disk full', 2000, 75)],
  ['it crashed', stated('TypeError: x', 1000, 70), stated('TypeError: x', 2000, 70)],
  ['it was killed in between', stated('this', 1000), exited('worker-0', null, 1500), stated('this', 2000)],
  ['it worked for long', stated('this', 1000), stated('this', 302_000)],
] as const) {
  test(`a worker that ends again is started again: ${why}`, (t) => {
    const { state } = run([...ends]);
    t.true(['running', 'waiting'].includes(state.processes.find((p) => p.id === 'worker-0')!.status));
  });
}

test('a run that fails says the cause', (t) => {
  const reasonAfter = (...events: SupervisionEvent[]) =>
    run(events, { minWorkers: 2 }).state.ending?.outcome.reason;
  t.is(reasonAfter(stated('its images have no labels', 1000, 2)), 'its images have no labels');
  t.is(
    reasonAfter({ ...exited('coordinator', 1), ...{ words: 'step 7: NaN' } } as SupervisionEvent),
    'step 7: NaN',
  );
  t.is(reasonAfter(exited('coordinator', 1)), 'the coordinator ended with exit code 1');
  const crashes = [1, 2, 3, 4].map((i) => stated('TypeError: x', i, 70));
  t.is(reasonAfter(...crashes), 'worker-0 died 4 times in a row: TypeError: x');
});

test('the last worker given up ends the run, the coordinator asked first', (t) => {
  const { words, state } = run([exited('worker-0', 2), exited('worker-1', 2)]);
  t.deepEqual(words, ['SIGTERM coordinator']);
  t.like(state.ending, { outcome: { kind: 'failed', exitCode: 2 }, killAt: 6000 });
});

test('fewer workers than the minimum cannot go on', (t) => {
  t.deepEqual(run([exited('worker-0', 2)], { minWorkers: 2 }).words, ['SIGTERM coordinator']);
});

test('a worker that leaves on purpose stays away, unless the run would starve', (t) => {
  t.deepEqual(run([exited('worker-0', 0)]).words, ['note']);
  const gone = [exited('worker-0', 0), exited('worker-1', 0)];
  t.deepEqual(run(gone).words, ['note']);
  t.deepEqual(run([...gone, tick(2500)]).words, ['start worker-1']);
});

test('workers that are gone a moment before the coordinator of a run that is complete are not started again', (t) => {
  const { words, state } = run([
    exited('worker-0', 0),
    exited('worker-1', 0),
    exited('coordinator', 0),
    tick(2500),
  ]);
  t.false(words.some((word) => word.startsWith('start')));
  t.true(state.processes.every(({ restarts }) => restarts === 0));
});

test('a coordinator that crashes is started again; one that states an error is not', (t) => {
  t.deepEqual(run([exited('coordinator', null)]).words, ['note', 'start coordinator']);
  t.deepEqual(run([exited('coordinator', 70)]).words, ['note', 'start coordinator']);
  const refused = run([exited('coordinator', 2)]);
  t.deepEqual(refused.words, ['SIGTERM worker-0', 'SIGTERM worker-1']);
  t.like(refused.state.ending?.outcome, { kind: 'failed', exitCode: 2 });
  t.like(run([exited('coordinator', 1)]).state.ending?.outcome, { kind: 'failed', exitCode: 1 });
});

test('a coordinator that cannot stay up ends the run', (t) => {
  const crashes = [0, 1, 2, 3].flatMap((i) => [
    exited('coordinator', null, 1000 * (i + 1)),
    tick(1000 * (i + 1) + 900),
  ]);
  t.deepEqual(run(crashes.slice(0, -1)).words, ['SIGTERM worker-0', 'SIGTERM worker-1']);
});

test('the coordinator done: the workers are told, and the end comes when the last is gone', (t) => {
  const done = [exited('coordinator', 0)];
  t.deepEqual(run(done).words, ['SIGTERM worker-0', 'SIGTERM worker-1']);
  t.deepEqual(run([...done, exited('worker-0', 0)]).words, []);
  t.deepEqual(run([...done, exited('worker-0', 0), exited('worker-1', null)]).words, ['finish done 0']);
});

test('stop asks the coordinator alone, then the workers, then kills what is left', (t) => {
  t.deepEqual(run([stop(1000)]).words, ['SIGTERM coordinator']);
  t.deepEqual(run([stop(1000), exited('coordinator', 0, 2000)]).words, [
    'SIGTERM worker-0',
    'SIGTERM worker-1',
  ]);
  t.deepEqual(run([stop(1000), tick(5999)]).words, []);
  const killed = [stop(1000), exited('coordinator', 0, 2000), exited('worker-0', 0, 2000), tick(6000)];
  t.deepEqual(run(killed).words, ['SIGKILL worker-1']);
  t.deepEqual(run([...killed, exited('worker-1', null, 6010)]).words, ['finish stopped 0']);
});

test('asked to stop twice, everything is killed at once', (t) => {
  t.deepEqual(run([stop(1000), stop(1100)]).words, [
    'SIGKILL coordinator',
    'SIGKILL worker-0',
    'SIGKILL worker-1',
  ]);
});

test('nothing that waits for its restart is started once the run ends', (t) => {
  const { state, words } = run([
    exited('worker-0', null),
    exited('worker-0', null, 1010),
    stop(1020),
    tick(2000),
  ]);
  t.deepEqual(words, []);
  t.is(state.processes.find((p) => p.id === 'worker-0')!.status, 'left');
});

test('a stop while the coordinator is being started again starts it at once: workers hold the state', (t) => {
  const crashes = [exited('coordinator', null, 1000), exited('coordinator', null, 1010)];
  t.deepEqual(run([...crashes, stop(1020)]).words, ['start coordinator']);
  t.deepEqual(run([...crashes, stop(1020), exited('coordinator', 1, 2000)]).words, [
    'SIGTERM worker-0',
    'SIGTERM worker-1',
  ]);
});

test('a coordinator that crashes while the run ends is started again to save, until time is up', (t) => {
  const asked = [stop(1000), exited('coordinator', null, 1010)];
  t.deepEqual(run(asked).words, ['note', 'start coordinator']);
  t.is(nextWake(run(asked).state), 6000);
  t.deepEqual(run([...asked, exited('coordinator', 70, 1020)]).words, ['note', 'start coordinator']);
  t.deepEqual(run([...asked, exited('coordinator', null, 6000)]).words, [
    'SIGTERM worker-0',
    'SIGTERM worker-1',
  ]);
  const often = [1, 2, 3].map((i) => exited('coordinator', null, 1010 + i));
  t.deepEqual(run([...asked, ...often]).words, ['SIGTERM worker-0', 'SIGTERM worker-1']);
});

test('without a worker there is nothing to save: no coordinator is started for it', (t) => {
  const gone = [exited('worker-0', 0), exited('worker-1', 0, 1001)];
  t.deepEqual(run([...gone, stop(1500), exited('coordinator', null, 1600)]).words, ['finish stopped 0']);
});
