import test, { type ExecutionContext } from 'ava';
import {
  decodeControl,
  decodeFrame,
  encodeControl,
  encodeFrame,
  FrameKind,
  Dtype,
  type ControlMessage,
  type DataFrame,
  type ProtocolError,
} from '@ddpm-fleet/protocol';
import { SharedMemory } from '@ddpm-fleet/engine/segments';
import { zmqTransport, type Router } from '@ddpm-fleet/transport';
import { Link } from '../../src/shell/link.js';
import { Sharing } from '../../src/shell/sharing.js';

const RUN = 77n;
const PEER = 'worker-0.00c0ffee';
const PROBE = [new Uint8Array(0)];

/** A link, and the two routers that it is connected to. */
async function connect(t: ExecutionContext) {
  const transport = zmqTransport();
  const control: ControlMessage[] = [];
  const data: DataFrame[] = [];
  const options = { address: 'tcp://127.0.0.1:0', probe: PROBE, maxFrameBytes: 1 << 20 };
  const peers = new Set<string>();
  const common = { onUnreachable: () => undefined, onRefused: () => undefined };
  const controlRouter = await transport.router(options, {
    ...common,
    onMessage: (peer, frames) => {
      peers.add(peer);
      control.push(decodeControl(frames, 'fromWorker'));
    },
  });
  const dataRouter = await transport.router(options, {
    ...common,
    onMessage: (peer, frames) => {
      peers.add(peer);
      data.push(decodeFrame(frames));
    },
  });
  const got: {
    messages: ControlMessage[];
    frames: DataFrame[];
    garbage: ProtocolError[];
    connected: number;
  } = {
    messages: [],
    frames: [],
    garbage: [],
    connected: 0,
  };
  const link = new Link(PEER, {
    onMessage: (message) => got.messages.push(message),
    onFrame: (frame) => got.frames.push(frame),
    onConnected: () => got.connected++,
    onDisconnected: () => undefined,
    onRefused: (reason) => t.fail(reason),
    onGarbage: (error) => got.garbage.push(error),
  });
  t.teardown(() => transport.close());
  await link.open(transport, { control: controlRouter.address, data: dataRouter.address });
  await until(() => got.connected === 1);
  return { link, control, data, peers, got, controlRouter, dataRouter };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!condition()) throw new Error(`never: ${condition.toString()}`);
}

function rootTo(router: Router, peer: string, run: bigint): void {
  const at = { run, generation: 1, globalStep: 0, level: 0, index: 0, bucket: 0 };
  const values = new Float32Array([1, 2]);
  router.send(peer, encodeFrame({ ...at, kind: FrameKind.root, dtype: Dtype.float32, count: 2 }, values));
}

test('both planes carry the same name, and the data plane says whose it is once the run is known', async (t) => {
  const { link, control, data, peers } = await connect(t);
  link.send({ type: 'JOIN', workerId: 'worker-0', host: 'h', pid: 1 });
  link.runKey = RUN;
  link.attach();
  await until(() => control.length === 1 && data.length === 1);
  t.deepEqual([...peers], [PEER]);
  t.like(data[0]!.header, { kind: FrameKind.attach, run: RUN });
});

test('frames of this run are handed on; those of another, and garbage, are not', async (t) => {
  const { link, got, controlRouter, dataRouter, data, control } = await connect(t);
  link.runKey = RUN;
  link.attach();
  link.send({ type: 'JOIN', workerId: 'worker-0', host: 'h', pid: 1 });
  await until(() => data.length === 1 && control.length === 1);
  rootTo(dataRouter, PEER, 5n);
  rootTo(dataRouter, PEER, RUN);
  controlRouter.send(PEER, [new Uint8Array([1, 2, 3])]);
  controlRouter.send(PEER, [encodeControl({ type: 'HELLO_AGAIN', forget: false })]);
  await until(() => got.frames.length === 1 && got.messages.length === 1 && got.garbage.length === 2);
  t.deepEqual(new Set(got.garbage.map(({ fault }) => fault)), new Set(['run', 'tooShort']));
});

const shares = process.platform === 'linux' ? test : test.skip;

shares('memory is offered anew with every attach, behind what is said meanwhile', async (t) => {
  const { link, control } = await connect(t);
  const memory = await SharedMemory.open();
  const quiet = (): void => undefined;
  const log = { info: quiet, warn: quiet, error: quiet };
  link.sharing = new Sharing({ memory, sumBytes: 8, say: (message) => link.send(message), log });
  t.is(link.sharing.areaFor(1), undefined);
  await until(() => control.length === 1);
  link.sharing.take({ type: 'SEGMENT_MAPPED', segment: 1 });
  t.truthy(link.sharing.areaFor(1));
  link.runKey = RUN;
  await until(() => {
    link.attach();
    return link.sharing!.areaFor(2) === undefined;
  });
  link.send({ type: 'JOIN', workerId: 'worker-0', host: 'h', pid: 1 });
  await until(() => control.length >= 3);
  t.deepEqual(control.map(({ type }) => type).slice(0, 3), ['SEGMENT', 'JOIN', 'SEGMENT']);
});
