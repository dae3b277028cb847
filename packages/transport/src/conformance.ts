import assert from 'node:assert/strict';
import { isFleetError } from '@ddpm-fleet/core';
import type { Dealer, Frames, Router, Transport } from './transport.js';

export type ConformanceTest = (title: string, body: (t: { pass(): void }) => Promise<void>) => void;

/** A network of its own, with two ends. */
export interface TransportBench {
  readonly here: Transport;
  /** Another process, or as good as one. */
  readonly there: Transport;
  /** Lets time pass until it holds. Fails after ten seconds of the network's time. */
  readonly until: (holds: () => boolean, what: string) => Promise<void>;
  /** Ends `there` as SIGKILL would; where that cannot be done, closes it. */
  readonly kill: () => Promise<void>;
}

const PROBE = [Buffer.from('probe')];
const ADDRESS = 'tcp://127.0.0.1:0';
const MAX = 1 << 20;

/** A router that keeps what it is told. */
class RouterEnd {
  readonly got: { peer: string; frames: Uint8Array[] }[] = [];
  readonly unreachable: string[] = [];
  /** How many messages had come from each peer when it was reported first. */
  readonly heardBefore = new Map<string, number>();
  router!: Router;

  static async open(transport: Transport, address = ADDRESS): Promise<RouterEnd> {
    const end = new RouterEnd();
    end.router = await transport.router(
      { address, probe: PROBE, maxFrameBytes: MAX },
      {
        onMessage: (peer, frames) => end.got.push({ peer, frames }),
        onUnreachable: (peer) => end.#onUnreachable(peer),
        onRefused: () => undefined,
      },
    );
    return end;
  }

  #onUnreachable(peer: string): void {
    this.unreachable.push(peer);
    if (!this.heardBefore.has(peer)) this.heardBefore.set(peer, this.#countFrom(peer));
  }

  #countFrom(peer: string): number {
    return this.got.filter((message) => message.peer === peer).length;
  }
}

/** A dealer that keeps what it is told. */
class DealerEnd {
  readonly got: Uint8Array[][] = [];
  connects = 0;
  disconnects = 0;
  dealer!: Dealer;

  static async open(transport: Transport, address: string, peer: string): Promise<DealerEnd> {
    const end = new DealerEnd();
    end.dealer = await transport.dealer(
      { address, peer, maxFrameBytes: MAX },
      {
        onMessage: (frames) => end.got.push(frames),
        onConnected: () => end.connects++,
        onDisconnected: () => end.disconnects++,
        onRefused: () => undefined,
      },
    );
    return end;
  }
}

const text = (frames: Frames): string[] => frames.map((frame) => Buffer.from(frame).toString());
const frames = (...parts: string[]): Buffer[] => parts.map((part) => Buffer.from(part));

/** What every Transport must do. */
export function transportConformance(test: ConformanceTest, open: () => Promise<TransportBench>): void {
  const check = (title: string, body: (bench: TransportBench) => Promise<void>): void =>
    test(title, async (t) => {
      const bench = await open();
      try {
        await body(bench);
      } finally {
        await Promise.all([bench.here.close(), bench.there.close()]);
      }
      t.pass();
    });
  for (const [title, body] of [...DELIVERY, ...FAILURE]) check(title, body);
}

type Case = readonly [string, (bench: TransportBench) => Promise<void>];

const DELIVERY: Case[] = [
  [
    'messages of several parts arrive both ways, whole and in order',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const client = await DealerEnd.open(there, server.router.address, 'a.1');
      await until(() => client.dealer.connected, 'the dealer is connected');
      for (let i = 0; i < 200; i++) client.dealer.send(frames('up', String(i), ''));
      await until(() => server.got.length === 200, '200 messages have arrived');
      for (const [i, { peer, frames }] of server.got.entries()) {
        assert.equal(peer, 'a.1');
        assert.deepEqual(text(frames), ['up', String(i), '']);
      }
      for (let i = 0; i < 200; i++) server.router.send('a.1', frames('down', String(i)));
      await until(() => client.got.length === 200, '200 answers have arrived');
      client.got.forEach((got, i) => assert.deepEqual(text(got), ['down', String(i)]));
    },
  ],
  [
    'more than fits at once arrives to the last message, whoever speaks meanwhile',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const client = await DealerEnd.open(there, server.router.address, 'a.1');
      await until(() => client.dealer.connected, 'the dealer is connected');
      for (let i = 0; i < 3000; i++) client.dealer.send(frames(String(i)));
      await until(() => server.got.length > 0, 'the first was heard');
      server.router.send('a.1', frames('meanwhile'));
      await until(() => server.got.length === 3000 && client.got.length === 1, 'all have arrived');
      await client.dealer.flush();
      assert.deepEqual(text(server.got[2999]!.frames), ['2999']);
    },
  ],
  [
    'a router tells its dealers apart',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const clients = await Promise.all(
        ['a.1', 'b.1', 'c.1'].map((peer) => DealerEnd.open(there, server.router.address, peer)),
      );
      await until(() => clients.every(({ dealer }) => dealer.connected), 'all are connected');
      for (const { dealer } of clients) dealer.send(frames('hello'));
      await until(() => server.got.length === 3, 'all were heard');
      assert.deepEqual(server.got.map(({ peer }) => peer).toSorted(), ['a.1', 'b.1', 'c.1']);
      server.router.send('b.1', frames('for b'));
      await until(() => clients[1]!.got.length === 1, 'b got its message');
      assert.equal(clients[0]!.got.length + clients[2]!.got.length, 0);
    },
  ],
  [
    'large parts arrive to the byte, in memory of their own',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const client = await DealerEnd.open(there, server.router.address, 'a.1');
      await until(() => client.dealer.connected, 'the dealer is connected');
      const values = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i));
      client.dealer.send([Buffer.from('head'), new Uint8Array(values.buffer)]);
      await until(() => server.got.length === 1, 'it has arrived');
      const payload = server.got[0]!.frames[1]!;
      assert.equal(payload.byteOffset % 4, 0);
      assert.deepEqual(new Float32Array(payload.buffer, payload.byteOffset, values.length), values);
      assert.notEqual(payload.buffer, values.buffer);
    },
  ],
];

const FAILURE: Case[] = [
  [
    'a message to a peer that is not there is reported, and the next one is sent',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const client = await DealerEnd.open(there, server.router.address, 'a.1');
      await until(() => client.dealer.connected, 'the dealer is connected');
      client.dealer.send(frames('hello'));
      await until(() => server.got.length === 1, 'it was heard');
      server.router.send('nobody', frames('x'));
      server.router.send('a.1', frames('y'));
      await until(() => server.unreachable.includes('nobody'), 'nobody is reported');
      await until(() => client.got.some((got) => text(got)[0] === 'y'), 'the other message has arrived');
      assert.ok(!server.unreachable.includes('a.1'));
    },
  ],
  [
    'a killed peer is reported without anything being sent to it; those who live are not',
    async ({ here, there, until, kill }) => {
      const server = await RouterEnd.open(here);
      const survivor = await DealerEnd.open(here, server.router.address, 'lives.1');
      const victim = await DealerEnd.open(there, server.router.address, 'dies.1');
      await until(() => survivor.dealer.connected && victim.dealer.connected, 'both are connected');
      survivor.dealer.send(frames('hello'));
      victim.dealer.send(frames('hello'));
      await until(() => server.got.length === 2, 'both were heard');
      await kill();
      await until(() => server.unreachable.includes('dies.1'), 'the dead one is reported');
      assert.ok(!server.unreachable.includes('lives.1'));
    },
  ],
  [
    'a dealer that finds nobody sends nothing, and connects when a router comes',
    async ({ here, there, until }) => {
      const first = await RouterEnd.open(here);
      const { address } = first.router;
      await first.router.close();
      const client = await DealerEnd.open(there, address, 'a.1');
      client.dealer.send(frames('stale'));
      assert.equal(client.dealer.connected, false);
      const second = await RouterEnd.open(here, address);
      await until(() => client.dealer.connected, 'the dealer is connected');
      client.dealer.send(frames('fresh'));
      await until(() => second.got.length > 0, 'something was heard');
      assert.deepEqual(text(second.got[0]!.frames), ['fresh']);
    },
  ],
  [
    'a dealer outlives its router: nothing stale reaches the next one',
    async ({ here, there, until }) => {
      const first = await RouterEnd.open(here);
      const { address } = first.router;
      const client = await DealerEnd.open(there, address, 'a.1');
      await until(() => client.connects === 1, 'the dealer is connected');
      await first.router.close();
      await until(() => client.disconnects === 1, 'the dealer knows');
      client.dealer.send(frames('stale'));
      const second = await RouterEnd.open(here, address);
      await until(() => client.connects === 2, 'the dealer is back');
      client.dealer.send(frames('fresh'));
      await until(() => second.got.length > 0, 'something was heard');
      assert.deepEqual(text(second.got[0]!.frames), ['fresh']);
    },
  ],
  [
    'two routers cannot have one address',
    async ({ here }) => {
      const { router } = await RouterEnd.open(here);
      await assert.rejects(RouterEnd.open(here, router.address), (error) =>
        isFleetError(error, 'DDPM_ERR_PORT_IN_USE'),
      );
    },
  ],
  [
    'without encryption nothing leaves this host',
    async ({ here, there }) => {
      const refused = (error: unknown): boolean => isFleetError(error, 'DDPM_ERR_TRANSPORT_PLAIN');
      await assert.rejects(RouterEnd.open(here, 'tcp://0.0.0.0:0'), refused);
      await assert.rejects(DealerEnd.open(there, 'tcp://203.0.113.7:7070', 'a.1'), refused);
    },
  ],
  [
    'too large a part ends the connection and harms nobody else',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const good = await DealerEnd.open(here, server.router.address, 'good.1');
      const bad = await DealerEnd.open(there, server.router.address, 'bad.1');
      await until(() => good.dealer.connected && bad.dealer.connected, 'both are connected');
      bad.dealer.send([Buffer.alloc(2 * MAX)]);
      await until(() => bad.disconnects > 0, 'the connection ended');
      good.dealer.send(frames('still here'));
      await until(() => server.got.length > 0, 'the other one was heard');
      assert.deepEqual(
        server.got.map(({ peer }) => peer),
        ['good.1'],
      );
    },
  ],
  [
    'closing sends what was accepted',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      const client = await DealerEnd.open(there, server.router.address, 'a.1');
      await until(() => client.dealer.connected, 'the dealer is connected');
      for (let i = 0; i < 20; i++) client.dealer.send([Buffer.alloc(MAX / 2, i)]);
      await client.dealer.close();
      await until(() => server.got.length === 20, 'all have arrived');
    },
  ],
  [
    'what a peer says last is heard before it is reported',
    async ({ here, there, until }) => {
      const server = await RouterEnd.open(here);
      for (let i = 0; i < 20; i++) {
        const client = await DealerEnd.open(there, server.router.address, `a.${i}`);
        await until(() => client.dealer.connected, 'the dealer is connected');
        client.dealer.send(frames('hello'));
        await until(() => server.got.at(-1)?.peer === `a.${i}`, 'it was heard');
        for (let k = 0; k < 9; k++) client.dealer.send(frames('farewell'));
        await client.dealer.close();
      }
      await until(() => server.heardBefore.size === 20, 'all were reported');
      assert.deepEqual(
        [...server.heardBefore.values()],
        Array.from({ length: 20 }, () => 10),
      );
    },
  ],
];
