import test from 'ava';
import { bytesOf, type TrainState } from '@ddpm-fleet/core';
import {
  decodeControl,
  decodeFrame,
  Dtype,
  encodeControl,
  encodeFrame,
  encodeImages,
  FrameKind,
  isFrame,
  runKey,
  type ControlMessage,
  type DataFrame,
} from '@ddpm-fleet/protocol';
import { MemoryNetwork, VirtualClock, type Router } from '@ddpm-fleet/transport';
import type { WorkerEnd } from '../../src/machine/effects.js';
import type { Device, Log } from '../../src/shell/ports.js';
import { WorkerShell } from '../../src/shell/shell.js';
import { FACTS, RUN, STATE } from '../machine/scene.js';

const PEER = 'worker-0.0000000a';
const KEY = runKey(RUN.runId);

/** A device that holds three numbers: a slot's sum is the slot, three times; a step adds the root to them. */
class Adder implements Device {
  state: TrainState = { ...STATE, globalStep: 0, params: new Float32Array(3) };
  slotsFinished = 0;
  async loadInitialState() {
    this.state = { ...STATE, globalStep: 0, params: new Float32Array(3) };
  }
  async loadState(state: TrainState) {
    this.state = state;
  }
  async readState() {
    return structuredClone(this.state);
  }
  async fingerprint() {
    return BigInt(this.state.params[0]!);
  }
  async runSlots({ start, end, images }: { start: number; end: number; images: Uint8Array }) {
    let sum = 0;
    for (let slot = start; slot < end; slot++, this.slotsFinished++) sum += slot;
    const [t, loss] = [new Int32Array(images.length), new Float32Array(images.length)];
    return { partials: [new Float32Array(3).fill(sum)], t, loss, computeMs: 1 };
  }
  cancelSlots() {}
  async apply({ root }: { root: Float32Array }) {
    this.state = {
      ...this.state,
      globalStep: this.state.globalStep + 1,
      params: this.state.params.map((x, i) => x + root[i]!),
    };
    return { gradNorm: 0, lr: 0, root, computeMs: 1 };
  }
  async skip() {}
  async heldOutLoss() {
    return 0.5;
  }
}

/** A shell over a network and a clock of its own, and what its coordinator hears. */
async function open(prepare?: () => Promise<never>) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  const heard: ControlMessage[] = [];
  const frames: DataFrame[] = [];
  const ends: WorkerEnd[] = [];
  const quiet = { onUnreachable: () => undefined, onRefused: () => undefined };
  const plane = (port: number, onMessage: (parts: Uint8Array[]) => void) => {
    const options = { address: `tcp://127.0.0.1:${port}`, probe: [new Uint8Array()], maxFrameBytes: 1 << 20 };
    return network
      .transport('there')
      .router(options, { ...quiet, onMessage: (_, parts) => onMessage(parts) });
  };
  const control = await plane(7000, (parts) => heard.push(decodeControl(parts, 'fromWorker')));
  const data = await plane(7001, (parts) => frames.push(decodeFrame(parts, KEY)));
  const device = new Adder();
  const ignore = () => undefined;
  const log: Log = { info: ignore, warn: ignore, error: ignore };
  const batches = {
    take: async (position: bigint, count: number) => ({
      ...{ position, indices: new Uint32Array(count), images: new Uint8Array(count) },
    }),
    expect: ignore,
    forgetBefore: ignore,
  };
  const checkpoints = { read: async () => undefined, writeShare: async () => ({ problem: 'no store' }) };
  const shell = new WorkerShell({
    identity: { workerId: 'worker-0', host: 'here', pid: 7, peer: PEER },
    addresses: { control: 'tcp://127.0.0.1:7000', data: 'tcp://127.0.0.1:7001' },
    ...{ transport: network.transport('here'), clock, log },
    prepare: prepare ?? (async () => ({ facts: FACTS, device, batches, checkpoints })),
    onEnd: (end) => void ends.push(end),
  });
  await shell.open();
  return { clock, control, data, heard, frames, ends, shell, device };
}

type Stage = Awaited<ReturnType<typeof open>>;

/** Lets time pass, and everything be answered. */
async function pass({ clock }: Stage, ms = 20): Promise<void> {
  for (let i = 0; i < ms; i++) {
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const tell = (router: Router, message: ControlMessage) => router.send(PEER, [encodeControl(message)]);
const types = ({ heard }: Stage) => heard.map(({ type }) => type).filter((type) => type !== 'HEARTBEAT');

async function introduce(stage: Stage): Promise<void> {
  await pass(stage);
  const { runId, runDir, config } = RUN;
  const about = { identityHash: FACTS.identityHash, host: 'there' };
  tell(stage.control, { type: 'RUN', runId, runDir, config: { ...config }, ...about });
  await pass(stage);
}

test('from JOIN to an applied step, over a network and a clock that are given', async (t) => {
  const stage = await open();
  const { control, data, frames, device, ends } = stage;
  await introduce(stage);
  t.deepEqual(types(stage), ['JOIN', 'HELLO']);
  t.is(frames[0]?.header.kind, FrameKind.attach);
  tell(control, { type: 'WELCOME', generation: 1, state: { from: 'seed', globalStep: 0 } });
  await pass(stage);
  tell(control, { type: 'STEP_BEGIN', generation: 1, globalStep: 0, runs: [{ start: 1, end: 4 }] });
  await pass(stage);
  t.deepEqual(types(stage), ['JOIN', 'HELLO', 'READY']);
  const sums = frames.filter((frame) => isFrame(frame, FrameKind.partial));
  t.deepEqual(
    sums.map(({ header, payload }) => [
      header.level,
      header.index,
      new Float32Array(payload.slice().buffer)[0],
    ]),
    [
      [0, 1, 1],
      [1, 1, 5],
    ],
  );
  const at = { run: KEY, generation: 1, globalStep: 0, level: 2, index: 0 };
  const root = { ...at, kind: FrameKind.root, dtype: Dtype.float32, bucket: 0, count: 3 };
  data.send(PEER, encodeFrame(root, bytesOf(new Float32Array([6, 6, 6]))));
  const images = encodeImages({ t: new Int32Array(8), loss: new Float32Array(8) });
  const records = { ...at, kind: FrameKind.rootImages, count: 8 };
  data.send(PEER, encodeFrame(records, images));
  const commit = { generation: 1, globalStep: 0, skipped: false, fingerprint: true, lines: ['{}'] };
  tell(control, { type: 'STEP_COMMIT', ...commit });
  await pass(stage);
  t.is(device.state.globalStep, 1);
  t.like(stage.heard.at(-1), { type: 'FINGERPRINT', globalStep: 1, value: '0000000000000006' });
  tell(control, { type: 'SHUTDOWN', completed: true, reason: 'the run is complete' });
  await pass(stage);
  t.deepEqual(ends, [{ exitCode: 0, reason: 'the run is complete' }]);
});

test('heartbeats come as often as the run says, and say how far it is', async (t) => {
  const stage = await open();
  await introduce(stage);
  tell(stage.control, { type: 'WELCOME', generation: 4, state: { from: 'seed', globalStep: 0 } });
  await pass(stage);
  tell(stage.control, { type: 'STEP_BEGIN', generation: 4, globalStep: 0, runs: [{ start: 0, end: 4 }] });
  await pass(stage, 500);
  const before = stage.heard.length;
  await pass(stage, 4 * RUN.config.fleet.heartbeatMs);
  const beats = stage.heard.slice(before);
  t.is(beats.length, 4);
  t.like(beats[3], { type: 'HEARTBEAT', generation: 4, globalStep: 0, progress: 4 });
});

test('what cannot be prepared for ends the worker, and the coordinator hears why', async (t) => {
  const stage = await open(() => Promise.reject(new Error('no such data')));
  await introduce(stage);
  t.deepEqual(stage.ends, [{ exitCode: 1, reason: 'no such data' }]);
  t.like(stage.heard.at(-1), { type: 'LEAVE', reason: 'no such data', failed: true });
});
