import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import {
  EVENTS,
  eventsOf,
  goodput,
  Measures,
  newestTimes,
  PARTS,
  RunFollower,
  sumOfParts,
} from '../src/index.js';
import { eventPage } from '../src/page.js';
import { RecordedRun } from './support/recordedRun.js';

const PAGE = new URL('../../EVENTS.md', import.meta.url);

test('EVENTS.md says what the tables say', (t) => {
  t.true(
    readFileSync(PAGE, 'utf8') === eventPage(EVENTS, PARTS),
    'build, then run: npm run pages -w @ddpm-fleet/telemetry',
  );
});

const TIMES = { kind: 'times', globalStep: 3, workers: { a: { compute: 3, waiting: 1 } } } as const;

test('the events of a run are those of both files; the newest times are found from the end', (t) => {
  const run = new RecordedRun();
  t.deepEqual([...eventsOf(run.dir)], []);
  t.is(newestTimes(run.paths.measures), undefined);
  run.steps(0, 3);
  const measures = new Measures(run.paths.measures);
  measures.append({ ...TIMES, at: '2026-01-01T00:00:00.000Z' });
  measures.append({ ...TIMES, at: '2026-01-01T00:00:05.000Z' });
  measures.close();
  appendFileSync(run.paths.measures, '{"kind":"times","at":"2026-');
  t.deepEqual(
    [...eventsOf(run.dir)].map(({ kind }) => kind),
    ['step', 'step', 'step', 'times', 'times'],
  );
  t.is(newestTimes(run.paths.measures)?.at, '2026-01-01T00:00:05.000Z');
});

test('a disk that takes nothing costs lines, which are counted', (t) => {
  const run = new RecordedRun();
  const path = join(run.dir, 'not yet', 'measures.ndjson');
  const measures = new Measures(path);
  const at = '2026-01-01T00:00:00.000Z';
  measures.append({ ...TIMES, at });
  measures.append({ ...TIMES, at });
  mkdirSync(dirname(path));
  measures.append({ ...TIMES, at });
  measures.append({ ...TIMES, at });
  measures.close();
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { missed?: number }).missed),
    [2, undefined],
  );
});

test('goodput is the share of compute and exchange', (t) => {
  t.is(goodput({}), 0);
  t.is(goodput({ compute: 6, exchange: 1, recompute: 2, waiting: 1 }), 0.7);
  t.is(sumOfParts({ compute: 6, away: 1 }), 7);
});

test('the beginning of a line that its writer took back is not read; a file in its place is', (t) => {
  const run = new RecordedRun();
  const follower = new RunFollower(run.dir);
  run.steps(0, 1);
  const { size } = statSync(run.paths.journal);
  appendFileSync(run.paths.journal, '{"line":1,"half');
  t.is(follower.read().length, 1);
  t.is(follower.position.journal, size);
  truncateSync(run.paths.journal, size);
  run.steps(1, 3);
  t.deepEqual(
    follower.read().map((event) => event.kind === 'step' && event.globalStep),
    [1, 2],
  );
  copyFileSync(run.paths.journal, `${run.paths.journal}.next`);
  renameSync(`${run.paths.journal}.next`, run.paths.journal);
  t.deepEqual(follower.read(), []);
  run.steps(3, 4);
  t.is(follower.read().length, 1);
  follower.close();
});
