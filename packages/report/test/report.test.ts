import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configYaml, loadConfig, runPaths } from '@ddpm-fleet/config';
import test from 'ava';
import {
  compareRuns,
  comparisonPage,
  comparisonRows,
  factsOf,
  readHistory,
  reportPage,
} from '../src/index.js';
import { markup } from '../src/markup.js';
import { thinned } from '../src/svg/curves.js';
import { linear, logarithmic } from '../src/svg/scale.js';

type Line = { readonly kind: string } & Record<string, unknown>;
const BEGAN = Date.UTC(2026, 0, 1);

function recorded(
  lines: readonly Line[],
  times: readonly object[] = [],
  set: readonly string[] = [],
): string {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-report-'));
  const paths = runPaths(dir);
  const config = loadConfig({ set: ['name=recorded', 'train.steps=30', ...set], env: {} });
  writeFileSync(paths.config, configYaml(config));
  const engine = { kind: 'wasm', version: '4.22.0' };
  const record = { runId: 'abcd', createdAt: new Date(BEGAN).toISOString(), engine, datasetHash: 'e3b0' };
  writeFileSync(paths.record, JSON.stringify(record));
  lines.forEach((line, i) =>
    appendFileSync(paths.journal, `${JSON.stringify({ line: i, prev: '', at: at(i), ...line })}\n`),
  );
  for (const parts of times)
    appendFileSync(paths.measures, `${JSON.stringify({ kind: 'times', globalStep: 0, ...parts })}\n`);
  return dir;
}

const at = (second: number): string => new Date(BEGAN + 1000 * second).toISOString();
const steps = (from: number, to: number, factor = 1): Line[] =>
  Array.from({ length: to - from }, (_, i) => ({
    kind: 'step',
    ...{ globalStep: from + i, generation: 1, slots: [], gradNorm: 1, ms: 5 },
    ...{
      loss: factor / (1 + from + i),
      bins: [
        [1, 4],
        [2, 2],
      ],
    },
  }));

const EVENTFUL: Line[] = [
  { kind: 'start', globalStep: 0, generation: 1, reason: 'the run starts' },
  { kind: 'joined', worker: 'a', host: 'h', pid: 1, generation: 1 },
  { kind: 'joined', worker: '<b>', host: 'h', pid: 2, generation: 1 },
  ...steps(0, 20),
  { kind: 'heldOut', globalStep: 20, weights: 'raw', loss: 0.3 },
  { kind: 'left', worker: '<b>', reason: 'silent for 2.1 s', generation: 2 },
  { kind: 'rewind', globalStep: 10, from: 20, reason: 'all workers died & came back' },
  ...steps(10, 30),
  { kind: 'heldOut', globalStep: 30, weights: 'raw', loss: 0.2 },
  { kind: 'checkpoint', globalStep: 30, digest: 'f00d' },
  { kind: 'end', globalStep: 30, reason: 'all 30 steps are done', completed: true },
];
const TIMES = [
  { at: at(10), workers: { a: { compute: 8, starting: 2 } } },
  { at: at(40), workers: { a: { compute: 28, starting: 2 }, '<b>': { compute: 5, waiting: 5 } } },
];

test('what stands after going back, and what happened on the way', (t) => {
  const history = readHistory(recorded(EVENTFUL, TIMES));
  t.is(history.loss.size, 30);
  t.deepEqual([...history.heldOut], [[30, 0.2]]);
  t.deepEqual(history.lossByT, [4, 1]);
  t.like(factsOf(history), {
    ...{ state: 'complete', globalStep: 30, targetSteps: 30, heldOutLoss: 0.2, lowestHeldOutLoss: 0.2 },
    ...{ workers: 2, losses: 1, rewinds: 1, coordinatorStarts: 1, digest: 'f00d', goodput: 33 / 40 },
    ...{ loss: 1 / 30, images: 40 * history.config.batch.numSlots * history.config.batch.slotBatchSize },
  });
});

test('the page says it, stands alone, and takes no text for markup', (t) => {
  const png = Buffer.from([1, 2, 3]);
  const history = readHistory(recorded(EVENTFUL, TIMES));
  const text = reportPage(history, [{ name: 'step-00000030', png }], { isClean: false, words: ['a < b'] });
  for (const piece of [
    ...['step 30 of 30', 'silent for 2.1 s', 'back from step 20 to 10', 'data:image/png;base64,AQID'],
    ...[
      'train.steps',
      '82.5 %',
      'Something is wrong',
      'a &#60; b',
      '&#60;b&#62; left',
      'died &#38; came back',
    ],
  ])
    t.true(text.includes(piece), piece);
  t.false(/<b>|https?:|src="(?!data:)|NaN|undefined|Infinity/.test(text));
});

test('a run of which nothing is known yet has a page', (t) => {
  const history = readHistory(recorded([]));
  const text = reportPage(history, [], { isClean: true, words: [] });
  t.true(text.includes('running or cut off, step 0 of 30'));
  t.false(/NaN|undefined|Infinity/.test(text));
  t.like(factsOf(history), { loss: null, heldOutLoss: null, goodput: null, digest: null, globalStep: 0 });
});

test('how runs differ: settings, results, and from which step the losses do', (t) => {
  const one = readHistory(recorded(steps(0, 10)));
  const longer = readHistory(recorded(steps(0, 12)));
  const other = readHistory(recorded([...steps(0, 4), ...steps(4, 10, 2)], [], ['optimizer.lr=0.5']));
  t.is(compareRuns([one, longer]).lossesDifferFrom, null);
  const { settings, lossesDifferFrom } = compareRuns([one, other]);
  t.is(lossesDifferFrom, 4);
  t.deepEqual(Object.entries(settings), [['optimizer.lr', [JSON.stringify(one.config.optimizer.lr), '0.5']]]);
  t.deepEqual(comparisonRows(compareRuns([one, longer]))[1], ['step', '10 of 30', '12 of 30']);
  const text = comparisonPage([one, other], ['a', 'b'], [undefined, { name: 's', png: Buffer.from([9]) }]);
  t.true(text.includes('optimizer.lr'));
  t.is(text.match(/<polyline/g)!.length, 2);
});

test('markup: what is put in is text', (t) => {
  t.is(
    markup`<p title="${'"x"'}">${['<', markup`<i>${1}</i>`]}</p>`.text,
    '<p title="&#34;x&#34;">&#60;<i>1</i></p>',
  );
});

test('scales, and thinning that loses no spike', (t) => {
  const x = linear([0, 10], [100, 200]);
  t.deepEqual([x.at(0), x.at(5), x.ticks], [100, 150, [0, 2, 4, 6, 8, 10]]);
  t.deepEqual(logarithmic([0.01, 1], [0, 100]).at(0.1), 50);
  t.deepEqual(logarithmic([0.25, 0.8], [0, 1]).ticks, [0.4, 0.6, 0.8]);
  t.true(linear([3, 3], [0, 1]).ticks.length > 0);
  const points = Array.from({ length: 100_000 }, (_, i): [number, number] => [i, i === 54_321 ? 9 : 1]);
  const few = thinned(points);
  t.true(few.length < 1000);
  t.true(few.some(([at, value]) => at === 54_321 && value === 9));
  t.deepEqual([few[0]![0], few.at(-1)![0] > 99_000], [0, true]);
});
