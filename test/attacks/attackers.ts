import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { encodeControl, encodeFrame, FrameKind, runKey, type ControlMessage } from '@ddpm-fleet/protocol';
import { zmqTransport, type ClientSecurity, type Dealer } from '@ddpm-fleet/transport';

/** How the other end of a dealer took it. */
export interface Reception {
  readonly dealer: Dealer;
  readonly refused: string[];
  connects: number;
  disconnects: number;
  close(): Promise<void>;
}

/** Knocks with a key, or with none. */
export async function knock(
  address: string,
  client?: ClientSecurity,
  peer = 'stranger.1',
): Promise<Reception> {
  const transport = zmqTransport(client ? { client } : {});
  const end = { refused: [] as string[], connects: 0, disconnects: 0 };
  const dealer = await transport.dealer(
    { address, peer, maxFrameBytes: 1 << 26 },
    {
      onMessage: () => undefined,
      onConnected: () => end.connects++,
      onDisconnected: () => end.disconnects++,
      onRefused: (reason) => end.refused.push(reason),
    },
  );
  return Object.assign(end, { dealer, close: () => transport.close() });
}

/** Bare TCP connections; whoever is cut off is counted. */
export async function openSockets(
  host: string,
  port: number,
  count: number,
): Promise<{ sockets: Socket[]; cut(): number }> {
  let cut = 0;
  const sockets = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(port, host, () => resolve(socket));
          // What nobody reads would hide the end.
          socket.resume();
          socket.on('error', () => resolve(socket)).on('close', () => cut++);
        }),
    ),
  );
  return { sockets, cut: () => cut };
}

/** A relay that remembers what the client said, so that it can be said again. */
export async function eavesdrop(
  host: string,
  port: number,
): Promise<{ port: number; heard(): Buffer; close(): void }> {
  const heard: Buffer[] = [];
  const server = createServer((client) => {
    const upstream = connect(port, host);
    client
      .on('data', (bytes) => heard.push(bytes))
      .pipe(upstream)
      .on('error', () => client.destroy());
    upstream.pipe(client).on('error', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard),
    close: () => server.close(),
  };
}

const SAMPLES: readonly ControlMessage[] = [
  { type: 'HEARTBEAT', generation: 1, globalStep: 3, progress: 7 },
  { type: 'LEAVE', reason: 'a reason', failed: false },
  { type: 'READY', globalStep: 2, fingerprint: '0123456789abcdef' },
];

/** A control message with a few bytes changed, cut off or put in. @param n which: the same number, the same bytes */
export function fuzzedControl(n: number): Uint8Array {
  return mutated(encodeControl(SAMPLES[n % SAMPLES.length]!), n);
}

export function fuzzedFrame(n: number): Uint8Array {
  return mutated(foreignFrame(n)[0]!, n);
}

/** Whole, but of a run that is not this one. */
export function foreignFrame(connection = 1): readonly Uint8Array[] {
  return encodeFrame({ kind: FrameKind.attach, run: runKey('another run'), connection });
}

function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  let state = (seed + 1) * 2654435761;
  const next = (below: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
  const out = [...bytes];
  for (let i = 0; i <= next(4); i++) {
    const at = next(out.length + 1);
    const kind = next(3);
    if (kind === 0 && at < out.length) out[at] = next(256);
    if (kind === 1) out.splice(at, next(8));
    if (kind === 2) out.splice(at, 0, next(256));
  }
  return Uint8Array.from(out);
}
