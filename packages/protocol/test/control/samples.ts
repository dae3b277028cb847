import type { ControlMessage, MessageType } from '../../src/index.js';

const hash = (digit: string): string => digit.repeat(64);

const META = {
  runId: 'quickstart',
  createdAt: '2026-01-02T03:04:05.678Z',
  identity: { seed: 0, 'ema.decays': [0.9999] },
  identityHash: hash('a'),
  datasetHash: hash('c'),
  dataset: { name: 'emoji' },
  engine: { kind: 'tensorflow' },
  configYaml: 'identity: {}\n',
  journalHead: { line: 14, hash: hash('d') },
  losses: { train: 0.25 },
};

const WRITTEN = {
  share: 0,
  head: {
    globalStep: 12,
    digest: hash('e'),
    layout: { hash: hash('b'), params: [{ name: 'scale', shape: [] }] },
    emas: [0.9999],
    derived: [{ name: 'lossHistory.counts', length: 1000 }],
    meta: META,
  },
  files: [
    {
      path: 'ema-0.9999.safetensors',
      part: 'ema',
      decay: 0.9999,
      share: 0,
      sizeBytes: 100,
      sha256: hash('f'),
    },
  ],
} as const;

/** One message of each type. */
export const SAMPLES: { [K in MessageType]: Extract<ControlMessage, { type: K }> } = {
  JOIN: { type: 'JOIN', workerId: 'worker-0', host: 'node1', pid: 4242 },
  HELLO: {
    type: 'HELLO',
    workerId: 'worker-0',
    host: 'node1',
    pid: 4242,
    identityHash: hash('a'),
    layout: [
      { name: 'conv_in/W', shape: [3, 3, 3, 8] },
      { name: 'scale', shape: [] },
    ],
    layoutHash: hash('b'),
    datasetHash: hash('c'),
    datasetSize: 169,
    engine: { kind: 'tensorflow', version: '2.21.0', device: 'cpu', threads: 1 },
    deviceKind: 'x86-64-v4',
    held: { globalStep: 12, lineHash: hash('d') },
  },
  READY: { type: 'READY', globalStep: 12, fingerprint: '00000000deadbeef' },
  HEARTBEAT: { type: 'HEARTBEAT', generation: 3, globalStep: 12, progress: 2, note: 'opening the data set' },
  STATE: {
    type: 'STATE',
    transfer: 7,
    globalStep: 12,
    sections: [
      { name: 'params', count: 217 },
      { name: 'ema-0.9999', count: 217 },
    ],
    fingerprint: null,
  },
  STATE_REQUEST: { type: 'STATE_REQUEST', transfer: 7, globalStep: 12 },
  CHECKPOINT_WRITTEN: { type: 'CHECKPOINT_WRITTEN', transfer: 7, globalStep: 12, written: WRITTEN },
  FINGERPRINT: { type: 'FINGERPRINT', globalStep: 12, value: 'ffffffffffffffff' },
  EVALUATED: { type: 'EVALUATED', globalStep: 12, weights: 0.9999, loss: 0.25 },
  COMMITS: { type: 'COMMITS', lines: ['{"line":0}', '{"line":1}'] },
  LEAVE: { type: 'LEAVE', reason: 'SIGTERM', failed: false },
  SEGMENT: { type: 'SEGMENT', segment: 1, pid: 4711, fd: 23, sizeBytes: 868, token: hash('e').slice(32) },
  SEGMENT_MAPPED: { type: 'SEGMENT_MAPPED', segment: 1 },
  SEGMENT_READ: { type: 'SEGMENT_READ', use: 70 },
  RUN: {
    type: 'RUN',
    runId: 'quickstart',
    config: { seed: 0 },
    identityHash: hash('a'),
    runDir: '/runs/quickstart',
    host: 'node0',
  },
  WELCOME: { type: 'WELCOME', generation: 3, state: { from: 'peer', globalStep: 12, transfer: 7 } },
  REJECT: { type: 'REJECT', code: 'layout', reason: 'another layout' },
  HELLO_AGAIN: { type: 'HELLO_AGAIN', forget: false },
  STEP_BEGIN: { type: 'STEP_BEGIN', generation: 3, globalStep: 12, runs: [{ start: 0, end: 4 }] },
  STEP_COMMIT: {
    type: 'STEP_COMMIT',
    generation: 3,
    globalStep: 12,
    skipped: false,
    fingerprint: true,
    lines: ['{"line":2}'],
  },
  STEP_ABORT: { type: 'STEP_ABORT', generation: 3, globalStep: 12, runs: [], reason: 'too slow' },
  CHECKPOINT_REQUEST: {
    type: 'CHECKPOINT_REQUEST',
    transfer: 7,
    globalStep: 12,
    ticket: { globalStep: 12, shares: 2, id: 'x' },
    share: 0,
    meta: META,
  },
  EVALUATE: { type: 'EVALUATE', globalStep: 12, weights: 'raw' },
  COMMITS_REQUEST: { type: 'COMMITS_REQUEST', from: 9 },
  DRAIN: { type: 'DRAIN', reason: 'the fleet shrinks' },
  SHUTDOWN: { type: 'SHUTDOWN', reason: 'done', completed: true },
};
