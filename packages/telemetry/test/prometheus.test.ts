import { request } from 'node:http';
import test from 'ava';
import { Measures } from '../src/index.js';
import { Prometheus } from '../src/prometheus/prometheus.js';
import { lossAt, RecordedRun } from './support/recordedRun.js';

async function open(run: RecordedRun): Promise<Prometheus> {
  const { dir, config, record } = run;
  return Prometheus.open({ runDir: dir, config, record, port: 0 });
}

async function scrape(prometheus: Prometheus): Promise<Map<string, number>> {
  while (prometheus.poll());
  const answer = await fetch(`http://127.0.0.1:${prometheus.port}/metrics`);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('a run in numbers', async (t) => {
  const run = new RecordedRun();
  const prometheus = await open(run);
  t.is((await scrape(prometheus)).get('ddpm_fleet_steps_committed_total'), 0);
  run.write({ kind: 'start', generation: 1, globalStep: 0, reason: 'the run starts' });
  for (const worker of ['a', 'b']) run.write({ kind: 'joined', worker, host: 'h', pid: 1, generation: 1 });
  run.steps(0, 10);
  run.write({ kind: 'left', worker: 'a', reason: 'silent for 2.0 s', generation: 2 });
  run.write({ kind: 'rewind', globalStep: 6, from: 10, reason: 'all workers died' });
  run.steps(6, 8);
  run.write({ kind: 'heldOut', globalStep: 8, weights: 'raw', loss: 0.5 });
  run.write({ kind: 'checkpointFailed', globalStep: 8, reason: 'the store is full' });
  const measures = new Measures(run.paths.measures);
  const at = '2026-01-01T00:00:00.000Z';
  measures.append({ kind: 'times', at, globalStep: 8, workers: { a: { compute: 3 }, b: { waiting: 1 } } });
  const seen = await scrape(prometheus);
  const { numSlots, slotBatchSize } = run.config.batch;
  const expected = {
    ...{ steps_committed_total: 12, images_total: 12 * numSlots * slotBatchSize, global_step: 8 },
    ...{ target_steps: run.config.train.steps, loss: lossAt(7), gradient_norm: 0.5 },
    ...{ workers: 1, worker_joins_total: 2, worker_losses_total: 1, coordinator_starts_total: 1 },
    ...{ rewinds_total: 1, rewound_steps_total: 4, checkpoint_failures_total: 1, goodput_ratio: 0.75 },
    ...{ 'worker_seconds_total{part="compute"}': 3, 'worker_seconds_total{part="away"}': 0 },
    ...{ 'held_out_loss{weights="raw"}': 0.5, 'loss_by_t{t_tenth="9"}': 10, step_duration_seconds_count: 12 },
  };
  for (const [name, value] of Object.entries(expected)) t.is(seen.get(`ddpm_fleet_${name}`), value, name);
  t.true(seen.get('ddpm_fleet_disk_free_bytes')! > 0);
  prometheus.close();
});

test('a loss that is not finite, and a disk that took no line between', async (t) => {
  const run = new RecordedRun();
  const prometheus = await open(run);
  run.write({
    kind: 'step',
    globalStep: 0,
    loss: null,
    gradNorm: null,
    slots: [],
    bins: [[1, null]],
    ms: 1,
    skipped: 'x',
  });
  const seen = await scrape(prometheus);
  t.is(seen.get('ddpm_fleet_loss'), NaN);
  t.is(seen.get('ddpm_fleet_nonfinite_steps_total'), 1);
  prometheus.close();
});

test('only /metrics, only read, only here; a taken port is said', async (t) => {
  const run = new RecordedRun();
  const prometheus = await open(run);
  const { port } = prometheus;
  const statusOf = (path: string, method: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      sent.once('error', reject).end();
    });
  t.is(await statusOf('/', 'GET'), 404);
  t.is(await statusOf('/metrics', 'POST'), 405);
  t.is(await statusOf('/metrics', 'GET'), 200);
  const { dir, config, record } = run;
  await t.throwsAsync(Prometheus.open({ runDir: dir, config, record, port }), { code: 'EADDRINUSE' });
  prometheus.close();
});
