// `npm run test:tensorboard -- PYTHON`: event files of a run that went back twice and was resumed, read by TensorBoard
// itself: its Python reader, and its page with either loader. PYTHON is one with the package tensorboard.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepare, root } from '../prepare.mjs';

const PORT = 19_566;
const PATIENCE_MS = 120_000;
const [python = 'python3'] = process.argv.slice(2);

if (spawnSync(python, ['-c', 'import tensorboard']).status !== 0) {
  console.log(`skipped: ${python} has no tensorboard (pip install tensorboard)`);
  process.exit(0);
}
prepare();
const telemetry = join(root, 'packages/telemetry/dist');
const { TensorBoard } = await import(join(telemetry, 'src/tensorboard/tensorboard.js'));
const { lossAt, RecordedRun } = await import(join(telemetry, 'test/support/recordedRun.js'));

const run = new RecordedRun();
const { dir, config, record } = run;
const back = (globalStep, from) =>
  run.write({ kind: 'rewind', globalStep, from, reason: 'all workers died' });
life(() => {
  run.steps(0, 30);
  back(10, 30);
  run.steps(10, 15, 1);
});
life(() => {
  run.steps(15, 25, 1);
  back(12, 25);
  run.steps(12, 40, 2);
});
/** The loss of each step that stands. */
const expected = Array.from({ length: 40 }, (_, step) => [
  step,
  lossAt(step, step < 10 ? 0 : step < 12 ? 1 : 2),
]);
try {
  const printed = execFileSync(python, [join(root, 'infra/tensorboard/read.py'), run.paths.tensorboard]);
  const { version, loss, tags } = JSON.parse(printed);
  compare(`tensorboard ${version}, event accumulator`, loss);
  console.log(`tags: ${tags.join(', ')}`);
  for (const fast of ['true', 'false']) compare(`its page, --load_fast=${fast}`, await page(fast));
} finally {
  rmSync(dir, { recursive: true });
}

function life(write) {
  const board = new TensorBoard({ runDir: dir, config, record, now: () => new Date() });
  write();
  while (board.poll());
  board.close();
}

function compare(who, points) {
  if (JSON.stringify(points) !== JSON.stringify(expected))
    throw new Error(`${who} shows ${JSON.stringify(points)}`);
  console.log(`${who}: ${points.length} points, each the journal's`);
}

async function page(fast) {
  const args = ['-m', 'tensorboard.main', '--logdir', run.paths.tensorboard, `--load_fast=${fast}`];
  const server = spawn(python, [...args, '--host', '127.0.0.1', '--port', String(PORT)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const url = `http://127.0.0.1:${PORT}/data/plugin/scalars/scalars?run=.&tag=loss`;
    let points = [];
    // It reads file after file.
    for (const end = Date.now() + PATIENCE_MS; points.length < expected.length; await sleep(1000)) {
      const answer = await fetch(url).catch(() => undefined);
      if (answer?.ok) points = await answer.json();
      if (Date.now() > end) break;
    }
    return points.map(([, step, value]) => [step, value]);
  } finally {
    server.kill();
    await ended;
  }
}
