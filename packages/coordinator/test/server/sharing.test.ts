import test from 'ava';
import { SharedMemory, type OwnSegment } from '@ddpm-fleet/engine/segments';
import type { SegmentMessage } from '@ddpm-fleet/protocol';
import { pino } from 'pino';
import type { ReducerSegments } from '../../src/reducer/reducer.js';
import { Sharing } from '../../src/server/sharing.js';

const SUM_BYTES = 64;
const shares = process.platform === 'linux' ? test : test.skip;

/** Maps in this thread, as a reducer does in its own. */
class Mapped implements ReducerSegments {
  readonly views = new Map<number, Uint8Array>();
  readonly #memory: SharedMemory;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  async map(...[segment, offer, own]: Parameters<ReducerSegments['map']>): Promise<void> {
    this.views.set(segment, own ? this.#memory.rewrite(offer) : this.#memory.view(offer));
  }

  forget(segment: number): void {
    this.views.delete(segment);
  }
}

async function open() {
  const memory = await SharedMemory.open();
  const segments = new Mapped(memory);
  const said: [string, SegmentMessage][] = [];
  const log = pino({ level: 'silent' });
  const say = (peer: string, message: SegmentMessage) => said.push([peer, message]);
  const sharing = new Sharing({ memory, segments, sumBytes: SUM_BYTES, log, say });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  /** A worker offers a segment; it is mapped if that is possible. */
  const offer = async (peer: string, { handle }: OwnSegment, segment = 1): Promise<void> => {
    sharing.take(peer, { type: 'SEGMENT', segment, ...handle });
    await settled();
  };
  const read = (peer: string, use: number) => sharing.take(peer, { type: 'SEGMENT_READ', use });
  /** A round with this root; the workers map what they are offered. */
  const round = async (): Promise<number | undefined> => {
    const root = sharing.nextRoot();
    await settled();
    for (const [peer, message] of said.splice(0))
      if (message.type === 'SEGMENT')
        sharing.take(peer, { type: 'SEGMENT_MAPPED', segment: message.segment });
    return root;
  };
  return { memory, segments, said, sharing, offer, read, round };
}

const AT = { use: 0, offset: 16 };

shares('what a worker has placed is found once its segment is mapped, and within it', async (t) => {
  const { memory, segments, said, sharing, offer } = await open();
  const area = memory.create(SUM_BYTES);
  t.is(sharing.find('w.1', { segment: 1, ...AT }, 4), undefined);
  await offer('w.1', area);
  t.deepEqual(said, [['w.1', { type: 'SEGMENT_MAPPED', segment: 1 }]]);
  area.bytes[16] = 77;
  const place = sharing.find('w.1', { segment: 1, ...AT }, 4)!;
  t.is(segments.views.get(place.segment)![place.offset], 77);
  t.is(sharing.find('w.1', { segment: 2, ...AT }, 4), undefined, 'no such segment');
  t.is(sharing.find('w.2', { segment: 1, ...AT }, 4), undefined, "another worker's");
  t.is(sharing.find('w.1', { segment: 1, ...AT }, SUM_BYTES), undefined, 'beyond its end');
  sharing.forget('w.1');
  t.is(sharing.find('w.1', { segment: 1, ...AT }, 4), undefined);
  t.is(segments.views.size, 0);
});

shares('memory of another size, out of reach or too much of it is not mapped', async (t) => {
  const { memory, said, offer } = await open();
  await offer('w.1', memory.create(SUM_BYTES * 2));
  const closed = memory.create(SUM_BYTES);
  closed.close();
  await offer('w.1', closed);
  t.deepEqual(said, []);
  const area = memory.create(SUM_BYTES);
  for (let segment = 1; segment <= 20; segment++) await offer('w.1', area, segment);
  t.is(said.filter(([, { type }]) => type === 'SEGMENT_MAPPED').length, 16);
  await offer('w.1', area, 3);
  t.is(said.length, 17, 'one that is known may be offered again');
});

shares('a root is written again when every worker has read it', async (t) => {
  const { memory, sharing, offer, read, round } = await open();
  t.is(await round(), undefined, 'nobody shares');
  for (const peer of ['w.1', 'w.2']) await offer(peer, memory.create(SUM_BYTES));
  t.is(await round(), undefined, 'made for a later round');
  const first = (await round())!;
  t.deepEqual(sharing.place('w.1', 16), { segment: first, use: 1, offset: 16 });
  t.deepEqual(sharing.place('w.2', 16), { segment: first, use: 1, offset: 16 });
  t.deepEqual(sharing.place('w.1', 32), { segment: first, use: 2, offset: 32 });
  t.is(sharing.place('w.3', 16), undefined, 'it is sent everything');
  read('w.1', 1);
  read('w.2', 99);
  t.is(await round(), undefined, 'w.1 still reads, and another is made');
  t.true((await round())! > first);
  read('w.1', 2);
  t.is(await round(), first);
});

shares('a root that a lost worker may still be reading is never written again', async (t) => {
  const { memory, segments, sharing, offer, read, round } = await open();
  for (const peer of ['w.1', 'w.2']) await offer(peer, memory.create(SUM_BYTES));
  await round();
  const root = (await round())!;
  const reading = segments.views.get(root)!;
  for (const peer of ['w.1', 'w.2']) sharing.place(peer, 0);
  read('w.2', 1);
  sharing.forget('w.1');
  t.is(sharing.root!.byteLength, SUM_BYTES, 'the round in progress goes on with it');
  t.deepEqual([await round(), segments.views.has(root)], [undefined, false]);
  const next = (await round())!;
  t.not(next, root);
  segments.views.get(next)!.fill(9);
  t.true(reading.every((byte) => byte === 0));
  sharing.place('w.2', 0);
  sharing.forget('w.2');
  t.is(await round(), undefined, 'nobody is left to share with');
});

shares('no more roots are kept than a few: beyond that payloads are sent', async (t) => {
  const { memory, sharing, offer, round } = await open();
  await offer('w.1', memory.create(SUM_BYTES));
  const roots = new Set<number | undefined>();
  for (let i = 0; i < 20; i++) {
    roots.add(await round());
    sharing.place('w.1', 0);
  }
  t.is(roots.size, 5, 'four segments, and none');
  t.is(await round(), undefined);
});
