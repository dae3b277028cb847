import { createHash } from 'node:crypto';
import test from 'ava';
import { addInto, bytesOf, maximalSubtrees, roundToBfloat16, TreeSum, type TreeNode } from '@ddpm-fleet/core';
import { SharedMemory } from '@ddpm-fleet/engine/segments';
import { fromWire, toWire } from '@ddpm-fleet/protocol';
import { InlineReducer } from '../../src/reducer/inlineReducer.js';
import type { Reducer, ReducerHandlers, ReducerOptions, RootBucket } from '../../src/reducer/reducer.js';
import { ThreadReducer } from '../../src/reducer/threadReducer.js';

type Make = (options: ReducerOptions, handlers: ReducerHandlers) => Reducer;

interface Part {
  readonly node: TreeNode;
  readonly bucket: number;
  readonly payload: Uint8Array;
}

const LENGTHS = [1000, 17];

/** A reducer that keeps what it says, and can be waited for. */
class Bench {
  readonly roots: RootBucket[] = [];
  readonly bad: { round: number; node: TreeNode; bucket: number }[] = [];
  readonly reducer: Reducer;

  constructor(make: Make, numSlots: number, wireDtype: 'float32' | 'bfloat16' = 'float32') {
    this.reducer = make(
      {
        numSlots,
        buckets: LENGTHS.length,
        wireDtype,
        bucketBytes: LENGTHS[0]! * (wireDtype === 'float32' ? 4 : 2),
      },
      {
        onRoot: (root) => this.roots.push(root),
        onBad: (bad) => this.bad.push(bad),
        onError: (error) => {
          throw error;
        },
      },
    );
  }

  async rootsOf(count: number): Promise<RootBucket[]> {
    while (this.roots.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    return this.roots.toSorted((a, b) => a.bucket - b.bucket);
  }
}

/** Numbers whose sums depend on the order of the additions. */
function numbers(seed: number, length: number): Float32Array {
  const bytes = createHash('sha256').update(String(seed)).digest();
  return Float32Array.from({ length }, (_, i) => {
    const value = Math.sin(bytes[i % 32]! + i * 1.7 + seed);
    return value * 10 ** ((i + seed) % 7);
  });
}

/** The parts of a step whose slots went to runs that begin at these slots, in an order that depends on the seed. */
function partsOf(numSlots: number, starts: readonly number[], wireDtype: 'float32' | 'bfloat16', seed = 0) {
  const parts = starts.flatMap((start, i) => {
    const nodes = maximalSubtrees(numSlots, start, starts[i + 1] ?? numSlots);
    return nodes.flatMap((node) =>
      LENGTHS.map((length, bucket): Part => {
        const values = numbers(node.level * 100 + node.index * 10 + bucket, length);
        return { node, bucket, payload: bytesOf(toWire(values, wireDtype).payload) };
      }),
    );
  });
  const key = ({ node, bucket }: Part) =>
    createHash('sha256').update(`${seed}/${node.level}/${node.index}/${bucket}`).digest('hex');
  return parts.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The same sums by the tree alone. */
function expected(
  numSlots: number,
  parts: readonly Part[],
  wireDtype: 'float32' | 'bfloat16',
): Float32Array[] {
  return LENGTHS.map((_, bucket) => {
    const sum = new TreeSum<Float32Array>(numSlots, (left, right) => {
      const both = addInto(left.slice(), right);
      return wireDtype === 'bfloat16' ? roundToBfloat16(both, both) : both;
    });
    for (const part of parts.filter((one) => one.bucket === bucket))
      sum.push(part.node, fromWire(part.payload, wireDtype === 'bfloat16' ? 2 : 1));
    return sum.root!;
  });
}

/** Element i in partial sum i mod 4. */
function squaresByFours(values: Float32Array): number {
  const sums = [0, 0, 0, 0];
  for (const [i, value] of values.entries()) sums[i % 4]! += value * value;
  return sums[0]! + sums[1]! + (sums[2]! + sums[3]!);
}

/** What every Reducer must do. */
function reducerConformance(name: string, make: Make): void {
  const open = (
    t: { teardown(fn: () => Promise<void>): void },
    ...rest: [number, ('float32' | 'bfloat16')?]
  ) => {
    const bench = new Bench(make, ...rest);
    t.teardown(() => bench.reducer.close());
    return bench;
  };

  for (const wireDtype of ['float32', 'bfloat16'] as const)
    test(`${name}, ${wireDtype}: the tree's bytes, in any order of arrival, round after round in the same memory`, async (t) => {
      const bench = open(t, 6, wireDtype);
      for (const [round, starts] of [[0], [0, 1], [0, 3], [0, 2, 4], [0, 1, 2, 3, 4, 5]].entries()) {
        const parts = partsOf(6, starts, wireDtype, round);
        bench.roots.length = 0;
        bench.reducer.begin(round, true);
        const sent = parts.map(({ payload }) => payload.slice());
        for (const { node, bucket, payload } of parts) bench.reducer.add(round, node, bucket, payload);
        const roots = await bench.rootsOf(LENGTHS.length);
        t.deepEqual(
          parts.map(({ payload }) => payload),
          sent,
          'what was lent is as it was',
        );
        for (const [bucket, values] of expected(6, parts, wireDtype).entries()) {
          const root = roots[bucket]!;
          const sha256 = createHash('sha256').update(bytesOf(values)).digest('hex');
          t.deepEqual([root.round, root.bucket, root.count], [round, bucket, LENGTHS[bucket]!]);
          t.is(root.sha256, sha256);
          t.deepEqual(fromWire(root.payload!, wireDtype === 'bfloat16' ? 2 : 1), values);
          t.is(root.sumSquares, squaresByFours(values));
        }
      }
      t.deepEqual(bench.bad, []);
    });

  test(`${name}: a root that was given out stays as it is while later rounds are summed`, async (t) => {
    const bench = open(t, 2);
    const parts = partsOf(2, [0, 1], 'float32');
    bench.reducer.begin(0, false);
    for (const { node, bucket, payload } of parts) bench.reducer.add(0, node, bucket, payload);
    const [first] = await bench.rootsOf(LENGTHS.length);
    const before = first!.payload!.slice();
    bench.roots.length = 0;
    bench.reducer.begin(1, false);
    for (const { node, bucket, payload } of parts)
      bench.reducer.add(
        1,
        node,
        bucket,
        payload.map((byte) => byte ^ 1),
      );
    await bench.rootsOf(LENGTHS.length);
    t.deepEqual(first!.payload, before);
    t.is(first!.sha256, '', 'no digest was asked for');
  });

  test(`${name}: a part that is not finite is named; one of an earlier round is dropped`, async (t) => {
    const bench = open(t, 2);
    const [left, right] = maximalSubtrees(2, 0, 1).concat(maximalSubtrees(2, 1, 2));
    const values = (value: number) => bytesOf(Float32Array.from([1, value, 3]));
    bench.reducer.begin(7, false);
    bench.reducer.add(6, left!, 0, values(5));
    bench.reducer.add(7, left!, 0, values(NaN));
    bench.reducer.add(7, right!, 0, values(2));
    const [root] = await bench.rootsOf(1);
    t.deepEqual(bench.bad, [{ round: 7, node: left!, bucket: 0 }]);
    t.true(Number.isNaN(root!.sumSquares));
  });
}

reducerConformance('inline', (options, handlers) => new InlineReducer(options, handlers));
reducerConformance('in a thread', (options, handlers) => new ThreadReducer(options, handlers));

const shares = process.platform === 'linux' ? test : test.skip;

for (const wireDtype of ['float32', 'bfloat16'] as const)
  shares(
    `in threads, ${wireDtype}: parts and root in shared memory have the bytes that sockets would bring`,
    async (t) => {
      const memory = await SharedMemory.open();
      const bench = new Bench(
        (options, handlers) => new ThreadReducer(options, handlers, memory.addonPath),
        6,
        wireDtype,
      );
      t.teardown(() => bench.reducer.close());
      const { segments } = bench.reducer;
      const width = wireDtype === 'float32' ? 4 : 2;
      const sumBytes = (LENGTHS[0]! + LENGTHS[1]!) * width;
      const starts = [0, 1, 3, 4];
      const parts = partsOf(6, starts, wireDtype, 3);
      const nodes = [...new Set(parts.map(({ node }) => `${node.level}/${node.index}`))];
      const areas = nodes.map(() => memory.create(sumBytes));
      const root = memory.create(sumBytes);
      await Promise.all(areas.map(({ handle }, i) => segments!.map(i, handle, false)));
      await segments!.map(99, root.handle, true);
      bench.reducer.begin(1, true, 99);
      for (const [i, { node, bucket, payload }] of parts.entries()) {
        const segment = nodes.indexOf(`${node.level}/${node.index}`);
        const place = { segment, offset: bucket * LENGTHS[0]! * width, sizeBytes: payload.byteLength };
        areas[segment]!.bytes.set(payload, place.offset);
        // Some come by sockets: the two may be mixed.
        bench.reducer.add(1, node, bucket, i % 4 === 0 ? payload : place);
      }
      const roots = await bench.rootsOf(LENGTHS.length);
      for (const [bucket, values] of expected(6, parts, wireDtype).entries()) {
        const { sha256, payload, sumSquares } = roots[bucket]!;
        t.is(payload, undefined);
        t.is(sha256, createHash('sha256').update(bytesOf(values)).digest('hex'));
        t.is(sumSquares, squaresByFours(values));
        const wire = bytesOf(toWire(values, wireDtype).payload);
        const start = bucket * LENGTHS[0]! * width;
        t.deepEqual(Buffer.from(root.bytes.subarray(start, start + wire.byteLength)), Buffer.from(wire));
      }
      const bad = areas[0]!.bytes.fill(0xff);
      bench.roots.length = 0;
      bench.reducer.begin(2, false, 99);
      const whole = { level: 3, index: 0 };
      bench.reducer.add(2, whole, 0, {
        segment: 0,
        offset: 0,
        sizeBytes: bad.byteLength - LENGTHS[1]! * width,
      });
      await bench.rootsOf(1);
      t.deepEqual(bench.bad, [{ round: 2, node: whole, bucket: 0 }]);
      const gone = { pid: process.pid, fd: 9999, sizeBytes: sumBytes, token: '0'.repeat(32) };
      await t.throwsAsync(segments!.map(100, gone, false), { message: /No such file/ });
    },
  );
