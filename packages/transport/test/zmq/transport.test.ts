import { once } from 'node:events';
import { fork, type ChildProcess } from 'node:child_process';
import test from 'ava';
import { transportConformance, type TransportBench } from '../../src/conformance.js';
import { newKeyPair, zmqTransport, type Transport } from '../../src/index.js';
import type { ZmqOptions } from '../../src/index.js';

async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const benchOf = (options: ZmqOptions) => async (): Promise<TransportBench> => {
  const here = zmqTransport(options);
  const there = zmqTransport(options.client ? { client: options.client } : {});
  return { here, there, until, kill: () => there.close() };
};

const server = newKeyPair();
const client = newKeyPair();
const reader = newKeyPair();
const encrypted: ZmqOptions = {
  server: { keys: server, allowed: { client: client.publicKey }, readers: { guest: reader.publicKey } },
  client: { keys: client, serverKey: server.publicKey },
};

transportConformance((title, body) => test.serial(`plain: ${title}`, body), benchOf({}));
transportConformance((title, body) => {
  // The rule is about plain connections.
  if (!title.startsWith('without encryption')) test.serial(`CURVE: ${title}`, body);
}, benchOf(encrypted));

interface Heard {
  readonly refused: string[];
  readonly messages: string[];
  readonly unreachable: { peer: string; at: number }[];
}

async function listen(
  transport: Transport,
  role: 'worker' | 'reader' = 'worker',
  at = 'tcp://127.0.0.1:0',
): Promise<Heard & { address: string }> {
  const heard: Heard = { refused: [], messages: [], unreachable: [] };
  const { address } = await transport.router(
    { address: at, probe: [Buffer.from('probe')], maxFrameBytes: 1000, role },
    {
      onMessage: (peer) => heard.messages.push(peer),
      onUnreachable: (peer) => heard.unreachable.push({ peer, at: performance.now() }),
      onRefused: (who) => heard.refused.push(who),
    },
  );
  return { ...heard, address };
}

async function dial(
  transport: Transport,
  address: string,
): Promise<{ refused: string[]; connected: () => boolean }> {
  const refused: string[] = [];
  const dealer = await transport.dealer(
    { address, peer: 'p.1', maxFrameBytes: 1000 },
    {
      onMessage: () => undefined,
      onConnected: () => dealer.send([Buffer.from('hello')]),
      onDisconnected: () => undefined,
      onRefused: (reason) => refused.push(reason),
    },
  );
  return { refused, connected: () => dealer.connected };
}

test.serial('a key that is not on the list is refused, and both ends say so', async (t) => {
  const here = zmqTransport(encrypted);
  const there = zmqTransport({ client: { keys: newKeyPair(), serverKey: server.publicKey } });
  const heard = await listen(here);
  const end = await dial(there, heard.address);
  await until(() => end.refused.length > 0 && heard.refused.length > 0, 'both know');
  t.is(end.refused[0], 'authentication refused');
  t.regex(heard.refused[0]!, /^127\.0\.0\.1: the key .{40} is not on the allow-list$/);
  t.false(end.connected());
  t.deepEqual(heard.messages, []);
  await Promise.all([here.close(), there.close()]);
});

test.serial('whoever was let in once and then refused comes back when it is let in again', async (t) => {
  const there = zmqTransport({ client: encrypted.client! });
  const first = zmqTransport(encrypted);
  const { address } = await listen(first);
  const end = await dial(there, address);
  await until(() => end.connected(), 'it is connected');
  await first.close();
  // One that was started with an older list, for a moment.
  const forgetful = zmqTransport({ server: { keys: server, allowed: { other: newKeyPair().publicKey } } });
  await listen(forgetful, 'worker', address);
  await until(() => end.refused.length > 1, 'it is refused, more than once');
  t.false(end.connected());
  await forgetful.close();
  const last = zmqTransport(encrypted);
  const heard = await listen(last, 'worker', address);
  await until(() => end.connected() && heard.messages.length > 0, 'it is heard again');
  await Promise.all([last.close(), there.close()]);
  t.pass();
});

test.serial('a reader is let in where one reads, and nowhere else', async (t) => {
  const here = zmqTransport(encrypted);
  const there = zmqTransport({ client: { keys: reader, serverKey: server.publicKey } });
  const forWorkers = await listen(here);
  const forReaders = await listen(here, 'reader');
  const refused = await dial(there, forWorkers.address);
  const admitted = await dial(there, forReaders.address);
  await until(() => refused.refused.length > 0 && forReaders.messages.length > 0, 'both know');
  t.regex(forWorkers.refused[0]!, /the key "guest" may read and not take part/);
  t.true(admitted.connected());
  t.deepEqual(forWorkers.messages, []);
  await Promise.all([here.close(), there.close()]);
});

test.serial('a plain client of an encrypted router is refused, and both ends say so', async (t) => {
  const here = zmqTransport(encrypted);
  const there = zmqTransport();
  const heard = await listen(here);
  const end = await dial(there, heard.address);
  await until(() => heard.refused.length > 0 && end.refused.length > 0, 'both know');
  t.false(end.connected());
  await Promise.all([here.close(), there.close()]);
});

test.serial('the end of a process that was killed is noticed within a second', async (t) => {
  const here = zmqTransport();
  const heard = await listen(here);
  const child: ChildProcess = fork(new URL('./dealerProcess.js', import.meta.url), [heard.address]);
  await until(() => heard.messages.length > 0, 'it was heard');
  const killedAt = performance.now();
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until(() => heard.unreachable.length > 0, 'it is reported');
  t.is(heard.unreachable[0]!.peer, 'child.1');
  t.true(heard.unreachable[0]!.at - killedAt < 1000);
  await here.close();
});
