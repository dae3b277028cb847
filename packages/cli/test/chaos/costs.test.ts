import test from 'ava';
import type { JournalLine } from '@ddpm-fleet/coordinator';
import { costsOf, distribution, medianStepMs } from '../../src/chaos/costs.js';
import type { Injury } from '../../src/chaos/injury.js';
import { report } from '../../src/chaos/report.js';

const line = (at: number, entry: object) =>
  ({ line: 0, prev: '', at: new Date(at).toISOString(), ...entry }) as unknown as JournalLine;
const step = (at: number, ms = 100) => line(at, { kind: 'step', ms });
const left = (at: number, worker: string) => line(at, { kind: 'left', worker });
const start = (at: number) => line(at, { kind: 'start' });

function injury(target: Injury['target'], at: number, id: string, more: Partial<Injury> = {}): Injury {
  return {
    target,
    at,
    victims: [{ id, pid: 1, wasActive: true }],
    othersActive: ['c'],
    globalStep: 0,
    ...more,
  };
}

test('a killed worker: until the coordinator knows, and until the next commit after that', (t) => {
  const [cost] = costsOf([injury('worker', 1000, 'a')], [step(990), left(1007, 'a'), step(1130), step(1200)]);
  t.like(cost, { detectionMs: 7, nextCommitMs: 130, counts: true });
});

test('a death that nobody noticed has no times, and does not pass for a quick one', (t) => {
  const [cost] = costsOf([injury('worker', 1000, 'a')], [step(1100), left(1200, 'b')]);
  t.is(cost!.detectionMs, undefined);
  t.false(cost!.counts);
});

test('a stop that ended before anybody missed the worker was no loss, whatever came later', (t) => {
  const stopped = injury('stop', 1000, 'a', { stopMs: 500 });
  const [cost] = costsOf([stopped], [step(1300), left(9000, 'a')]);
  t.is(cost!.detectionMs, undefined);
  t.is(cost!.nextCommitMs, 300);
});

test('the coordinator’s own death is over when its successor starts', (t) => {
  const [cost] = costsOf(
    [injury('coordinator', 1000, 'coordinator')],
    [step(1001 - 50), start(1800), step(2100)],
  );
  t.like(cost, { detectionMs: 800, nextCommitMs: 1100, counts: false });
});

test('a worker that died while the coordinator was dead is not missed by its successor', (t) => {
  const [cost] = costsOf([injury('worker', 1000, 'a')], [start(1500), step(1600), left(8000, 'a')]);
  t.is(cost!.detectionMs, undefined);
});

test('with the last worker, or the coordinator, hurt meanwhile, a loss does not count as survivable', (t) => {
  const lines = [left(1005, 'a'), left(1105, 'b'), step(3000)];
  const alone = costsOf([injury('worker', 1000, 'a', { othersActive: [] })], lines);
  t.false(alone[0]!.counts);
  const both = costsOf([injury('worker', 1000, 'a'), injury('worker', 1100, 'b')], lines);
  t.deepEqual(
    both.map(({ counts }) => counts),
    [false, false],
  );
});

test('a worker that was given up while it was stopped is none that works', (t) => {
  const lines = [left(900, 'c'), left(1005, 'a'), step(4000), line(4100, { kind: 'joined', worker: 'c' })];
  t.false(costsOf([injury('worker', 1000, 'a')], lines)[0]!.counts);
  const again = [line(950, { kind: 'joined', worker: 'c' }), ...lines];
  t.true(costsOf([injury('worker', 1000, 'a')], again)[0]!.counts);
});

test('what is reported of a campaign', (t) => {
  const injuries = [
    injury('worker', 1000, 'a'),
    injury('worker', 5000, 'b'),
    injury('coordinator', 9000, 'coordinator'),
  ];
  const lines = [
    left(1010, 'a'),
    step(1100),
    left(5030, 'b'),
    step(5200, 120),
    start(9500),
    step(10_000, 140),
  ];
  const result = report(5, 10, injuries, lines);
  t.like(result, {
    seed: 5,
    killed: { workers: 2, coordinators: 1 },
    stepsCommitted: 3,
    rewinds: 0,
    medianStepMs: 120,
  });
  t.deepEqual(result.survivable.detectionMs, { count: 2, p50: 10, p99: 30, max: 30 });
  t.deepEqual(result.survivable.afterDetectionMs, { count: 2, p50: 90, p99: 170, max: 170 });
});

test('quantiles are values that occurred', (t) => {
  t.is(distribution([]), undefined);
  t.is(medianStepMs([]), undefined);
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  t.deepEqual(distribution(hundred), { count: 100, p50: 50, p99: 99, max: 100 });
});
