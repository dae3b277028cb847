import test from 'ava';
import { planLaunch, type LaunchRequest } from '../src/index.js';

const request = (over: Partial<LaunchRequest> = {}): LaunchRequest => ({
  runDir: '/runs/a',
  workers: 2,
  hosts: [{ host: 'here', cores: 2, gpus: [] }],
  threads: 1,
  entries: { coordinator: ['coordinator.js', '--run'], worker: ['worker.js'] },
  env: { coordinator: { A: '1' }, worker: { TF_NUM_INTRAOP_THREADS: '1' } },
  ...over,
});

test('workers without GPUs see none, and have their own id and log', (t) => {
  const plan = planLaunch(request());
  t.deepEqual(plan.coordinator, {
    id: 'coordinator',
    role: 'coordinator',
    host: 'here',
    args: ['coordinator.js', '--run'],
    env: { A: '1' },
    logFile: '/runs/a/logs/coordinator.ndjson',
    device: { kind: 'cpu', threads: 1 },
  });
  t.deepEqual(plan.workers[1], {
    id: 'worker-1',
    role: 'worker',
    host: 'here',
    args: ['worker.js'],
    env: { TF_NUM_INTRAOP_THREADS: '1', DDPM_FLEET_WORKER_ID: 'worker-1', CUDA_VISIBLE_DEVICES: '-1' },
    logFile: '/runs/a/logs/worker-1.ndjson',
    device: { kind: 'cpu', threads: 1 },
  });
  t.deepEqual(plan.notes, []);
});

test('each worker sees one GPU; hosts are filled in order', (t) => {
  const hosts = [
    { host: 'a', cores: 8, gpus: [0, 1] },
    { host: 'b', cores: 8, gpus: [3] },
  ];
  const { workers, notes } = planLaunch(request({ hosts, workers: 4 }));
  t.deepEqual(
    workers.map((w) => [w.host, w.env.CUDA_VISIBLE_DEVICES]),
    [
      ['a', '0'],
      ['a', '1'],
      ['b', '3'],
      ['a', '0'],
    ],
  );
  t.regex(notes.join(), /4 workers share 3 GPUs/);
});

test('GPUs by UUID; what stays idle is said', (t) => {
  const host = { host: 'a', cores: 8, gpus: ['GPU-1', 1, 'MIG-2'], notes: ['its driver is old'] };
  const { workers, notes } = planLaunch(request({ hosts: [host], workers: 3 }));
  t.deepEqual(
    workers.map((w) => w.env.CUDA_VISIBLE_DEVICES),
    ['GPU-1', '1', 'MIG-2'],
  );
  t.deepEqual(notes, ['its driver is old']);
  const few = planLaunch(request({ hosts: [host, { host: 'b', cores: 1, gpus: [0] }], workers: 2 })).notes;
  t.is(few[0], 'a: its driver is old');
  t.regex(few[1]!, /^WARNING: 2 of 4 GPUs are left idle \(a GPU MIG-2, b GPU 0\): --workers 4 uses all/);
  t.deepEqual(planLaunch(request({ hosts: [{ ...host, notes: [] }], workers: 0 })).notes, []);
});

test('more workers than cores is allowed and said', (t) => {
  const { workers, notes } = planLaunch(request({ workers: 5 }));
  t.is(workers.length, 5);
  t.regex(notes.join(), /5 workers share 2 cores/);
  t.regex(planLaunch(request({ workers: 2, threads: 2 })).notes.join(), /2 workers share 1 sets of 2 cores/);
});

test('nothing to place, or nowhere', (t) => {
  t.deepEqual(planLaunch(request({ workers: 0 })).workers, []);
  t.throws(() => planLaunch(request({ workers: -1 })), { message: /-1 workers were asked for/ });
  t.throws(() => planLaunch(request({ workers: 1.5 })), { message: /1.5 workers/ });
  t.throws(() => planLaunch(request({ hosts: [] })), { message: /no host/ });
});
