import test from 'ava';
import { transportConformance } from '../../src/conformance.js';
import { MemoryNetwork, VirtualClock } from '../../src/index.js';
import { QUIET } from '../../src/memory/faults.js';

for (const [name, faults] of [
  ['quiet', QUIET],
  ['slow', { ...QUIET, delayMs: [1, 40], noticeMs: [0, 30], reconnectMs: 20 }],
] as const) {
  transportConformance(
    (title, body) => test(`${name}: ${title}`, body),
    async () => {
      const clock = new VirtualClock();
      const network = new MemoryNetwork({ seed: 1, clock, faults });
      return {
        here: network.transport('here'),
        there: network.transport('there'),
        kill: async () => network.crash('there'),
        until: async (holds, what) => {
          const end = clock.now + 10_000;
          while (!holds()) {
            if (clock.now > end || !clock.step()) throw new Error(`it never came about that ${what}`);
          }
        },
      };
    },
  );
}

/** A dealer on host b that is connecting to a router on host a, and what has arrived there. */
async function connected(network: MemoryNetwork) {
  const got: string[] = [];
  const router = await network.transport('a').router(
    { address: 'tcp://127.0.0.1:1', probe: [], maxFrameBytes: 100 },
    {
      onMessage: (_, [frame]) => got.push(Buffer.from(frame!).toString()),
      onUnreachable: () => undefined,
      onRefused: () => undefined,
    },
  );
  const dealer = await network.transport('b').dealer(
    { address: router.address, peer: 'b', maxFrameBytes: 100 },
    {
      onMessage: () => undefined,
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onRefused: () => undefined,
    },
  );
  return { got, dealer };
}

/** Sends `count` numbered messages through a network and returns what arrived. */
async function transmit(seed: number, faults: Partial<typeof QUIET>, count = 200): Promise<string[]> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ seed, clock, faults: { ...QUIET, ...faults } });
  const { got, dealer } = await connected(network);
  clock.advance(10);
  for (let i = 0; i < count; i++) {
    dealer.send([Buffer.from(String(i))]);
    clock.advance(1);
  }
  clock.advance(1000);
  return got;
}

test('the same seed gives the same faults, another seed others', async (t) => {
  const faults = { delayMs: [0, 20], breakChance: 0.02, duplicateChance: 0.1, reorderChance: 0.1 } as const;
  t.deepEqual(await transmit(7, faults), await transmit(7, faults));
  t.notDeepEqual(await transmit(7, faults), await transmit(8, faults));
});

test('each fault does what it says and nothing else', async (t) => {
  const sent = Array.from({ length: 200 }, (_, i) => String(i));
  t.deepEqual(await transmit(1, { delayMs: [0, 50] }), sent, 'delay keeps the order');
  const twice = await transmit(1, { duplicateChance: 0.2 });
  t.true(twice.length > 210);
  t.deepEqual([...new Set(twice)], sent);
  const reordered = await transmit(1, { delayMs: [0, 20], reorderChance: 0.3 });
  t.notDeepEqual(reordered, sent);
  t.deepEqual(
    reordered.toSorted((a, b) => Number(a) - Number(b)),
    sent,
  );
  const broken = await transmit(1, { breakChance: 0.02 });
  t.true(broken.length < 200 && broken.length > 100);
  t.deepEqual(
    broken,
    sent.filter((one) => broken.includes(one)),
  );
});

test('behind a cut messages wait, and pass when it is mended', async (t) => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  const { got, dealer } = await connected(network);
  clock.advance(10);
  network.cut('a', 'b');
  dealer.send([Buffer.from('1')]);
  dealer.send([Buffer.from('2')]);
  clock.advance(5000);
  t.deepEqual(got, []);
  network.mend('b', 'a');
  t.deepEqual(got, ['1', '2']);
});
