import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { crc32c } from '../src/tensorboard/crc32c.js';
import { TensorBoard } from '../src/tensorboard/tensorboard.js';
import { readEvents, shown } from './support/readEvents.js';
import { lossAt, RecordedRun } from './support/recordedRun.js';

function open({ dir, config, record }: RecordedRun): TensorBoard {
  return new TensorBoard({ runDir: dir, config, record, now: () => new Date(Date.UTC(2026, 0, 2)) });
}

/** One life of the coordinator. */
function live(run: RecordedRun, write: () => void): void {
  const board = open(run);
  write();
  while (board.poll());
  board.close();
}

const losses = (run: RecordedRun) => shown(readEvents(run.paths.tensorboard), 'loss');
const expected = (steps: number, salt = 0) =>
  new Map(Array.from({ length: steps }, (_, step) => [step, lossAt(step, salt)]));

test('CRC-32C of the examples of RFC 3720, B.4', (t) => {
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

test('every step once, with the loss of the journal, over several lives', (t) => {
  const run = new RecordedRun();
  live(run, () => run.steps(0, 7));
  live(run, () => run.steps(7, 20));
  t.deepEqual(losses(run), expected(20));
  const events = readEvents(run.paths.tensorboard);
  t.deepEqual(events[0]!.tags, []);
  t.deepEqual(events[2]!.tags, ['config', '_hparams_/session_start_info']);
  const tags = new Set(events.flatMap((event) => event.tags));
  for (const tag of ['grad_norm', 'learning_rate', 'workers', 'loss_by_t', 'images_per_second'])
    t.true(tags.has(tag), tag);
  const { batch } = run.config;
  const images = 5 * batch.numSlots * batch.slotBatchSize;
  t.deepEqual(
    [...shown(events, 'images_per_second')],
    [5, 15].map((step) => [step, images / 5]),
  );
});

test('a run that went back: the steps that came again stand, and the held-out loss where it went back to', (t) => {
  const run = new RecordedRun();
  live(run, () => {
    run.steps(0, 10);
    run.write({ kind: 'heldOut', globalStep: 10, weights: 'raw', loss: 0.25 });
    run.steps(10, 20);
    run.write({ kind: 'rewind', globalStep: 10, from: 20, reason: 'a replica was damaged' });
    run.steps(10, 15, 1);
  });
  const both = [...expected(10), ...[...expected(15, 1)].slice(10)];
  t.deepEqual([...losses(run)], both);
  t.deepEqual([...shown(readEvents(run.paths.tensorboard), 'held_out_loss')], [[10, 0.25]]);
});

test('a life that was killed: what it wrote behind the noted position is taken back', (t) => {
  const run = new RecordedRun();
  live(run, () => run.steps(0, 5));
  const position = join(run.paths.tensorboard, 'position.json');
  copyFileSync(position, `${position}.old`);
  live(run, () => run.steps(5, 9));
  live(run, () => run.steps(9, 12));
  t.deepEqual(losses(run), expected(12));

  const [newest] = readdirSync(run.paths.tensorboard)
    .filter((name) => name.startsWith('events'))
    .toSorted()
    .slice(-1);
  appendFileSync(join(run.paths.tensorboard, newest!), 'half a rec');
  live(run, () => run.steps(12, 14));
  t.deepEqual(losses(run), expected(14));
});

test('without its position all is written anew, once', (t) => {
  const run = new RecordedRun();
  live(run, () => run.steps(0, 5));
  writeFileSync(join(run.paths.tensorboard, 'position.json'), '{"journal": 1');
  live(run, () => run.steps(5, 8));
  t.deepEqual(losses(run), expected(8));
  rmSync(run.paths.tensorboard, { recursive: true });
  live(run, () => undefined);
  t.deepEqual(losses(run), expected(8));
});

test('lines that are half there, unknown or not finite', (t) => {
  const run = new RecordedRun();
  const board = open(run);
  t.false(board.poll());
  run.steps(0, 2);
  run.write({ kind: 'somethingNew' });
  run.write({ kind: 'step', globalStep: 2, loss: null, gradNorm: null, slots: [], bins: [[1, null]], ms: 1 });
  run.write({ kind: 'heldOut', globalStep: 2, weights: 0.99, loss: null });
  const [line] = readFileSync(run.paths.journal, 'utf8').split('\n');
  appendFileSync(run.paths.journal, line!.slice(0, 20));
  while (board.poll());
  t.deepEqual(losses(run), expected(2));
  appendFileSync(run.paths.journal, `${line!.slice(20).replace('"globalStep":0', '"globalStep":3')}\n`);
  while (board.poll());
  t.is(losses(run).get(3), lossAt(0));
  board.close();
});

/** 1 x 1, grey. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
);

test('grids, once each and only whole; again where the run went back behind them', (t) => {
  const run = new RecordedRun();
  mkdirSync(run.paths.samples);
  const picture = join(run.paths.samples, 'step-00000004.png');
  const pictures = () =>
    readEvents(run.paths.tensorboard).filter(({ tags }) => tags.includes('samples')).length;
  live(run, () => {
    run.steps(0, 6);
    writeFileSync(picture, PNG.subarray(0, -3));
  });
  t.is(pictures(), 0);
  live(run, () => writeFileSync(picture, PNG));
  t.is(pictures(), 1);
  live(run, () => undefined);
  t.is(pictures(), 1);
  live(run, () => run.write({ kind: 'rewind', globalStep: 2, from: 6, reason: 'all died' }));
  t.is(pictures(), 2);
});
