import test from 'ava';
import {
  addInto,
  bytesOf,
  maximalSubtrees,
  mergesAfter,
  rootLevel,
  siblingOf,
  spanOf,
  TreeSum,
  widthOf,
  type TreeNode,
} from '../src/index.js';

const MAX_SLOTS = 33;
const LENGTH = 37;

/** The definition, word for word: node (l, i) = node(l-1, 2i) + node(l-1, 2i+1), an only child passes up. */
function node(slots: readonly Float32Array[], level: number, index: number): Float32Array {
  if (level === 0) return slots[index]!.slice();
  const right = 2 * index + 1 < Math.ceil(slots.length / 2 ** (level - 1));
  const left = node(slots, level - 1, 2 * index);
  return right ? addInto(left, node(slots, level - 1, 2 * index + 1)) : left;
}

function root(slots: readonly Float32Array[]): Float32Array {
  return node(slots, Math.ceil(Math.log2(slots.length)), 0);
}

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Gradients of very different sizes, so that another order of additions gives other bytes. */
function randomSlots(numSlots: number, seed: number): Float32Array[] {
  const next = random(seed);
  return Array.from({ length: numSlots }, () =>
    Float32Array.from({ length: LENGTH }, () => (next() - 0.5) * 10 ** Math.floor(next() * 6)),
  );
}

function shuffle<T>(items: T[], next: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

/** What a worker does: push each slot of its run on a stack and merge as often as `mergesAfter` says. */
function stackOf(
  slots: readonly Float32Array[],
  start: number,
  end: number,
): { sums: Float32Array[]; deepest: number } {
  const sums: Float32Array[] = [];
  let deepest = 0;
  for (let slot = start; slot < end; slot++) {
    sums.push(slots[slot]!.slice());
    deepest = Math.max(deepest, sums.length);
    for (let merge = mergesAfter(slots.length, start, slot); merge > 0; merge--) {
      const right = sums.pop()!;
      addInto(sums.at(-1)!, right);
    }
  }
  return { sums, deepest };
}

const same = (a: Float32Array, b: Float32Array) => Buffer.from(bytesOf(a)).equals(bytesOf(b));

test('levels, widths, spans and siblings', (t) => {
  t.deepEqual([1, 2, 3, 4, 5, 8, 9, 33].map(rootLevel), [0, 1, 2, 2, 3, 3, 4, 6]);
  t.deepEqual(
    [0, 1, 2, 3].map((level) => widthOf(5, level)),
    [5, 3, 2, 1],
  );
  t.deepEqual(spanOf(5, { level: 2, index: 1 }), { start: 4, end: 5 });
  t.is(siblingOf(5, { level: 0, index: 4 }), undefined);
  t.deepEqual(siblingOf(5, { level: 0, index: 3 }), { level: 0, index: 2 });
});

for (let numSlots = 1; numSlots <= MAX_SLOTS; numSlots++) {
  const slots = randomSlots(numSlots, numSlots);
  const expected = root(slots);

  test(`${numSlots} slots: the maximal subtrees of every contiguous run cover it exactly and cannot be fewer`, (t) => {
    for (let start = 0; start < numSlots; start++) {
      for (let end = start; end <= numSlots; end++) {
        const spans = maximalSubtrees(numSlots, start, end).map((subtree) => spanOf(numSlots, subtree));
        const covered = spans.flatMap((span) =>
          Array.from({ length: span.end - span.start }, (_, i) => span.start + i),
        );
        t.deepEqual(
          covered,
          Array.from({ length: end - start }, (_, i) => start + i),
        );
        t.is(spans.length, fewestNodes(numSlots, start, end));
      }
    }
  });

  test(`${numSlots} slots: the stack of every contiguous run holds its maximal subtrees`, (t) => {
    for (let start = 0; start < numSlots; start++) {
      for (let end = start + 1; end <= numSlots; end++) {
        const { sums, deepest } = stackOf(slots, start, end);
        const subtrees = maximalSubtrees(numSlots, start, end);
        t.is(sums.length, subtrees.length);
        t.true(subtrees.every((subtree, i) => same(sums[i]!, node(slots, subtree.level, subtree.index))));
        if (start === 0 && end === numSlots) t.true(deepest <= Math.ceil(Math.log2(numSlots)) + 1);
      }
    }
  });

  test(`${numSlots} slots: every split in two, in either order of arrival, gives the root's bytes`, (t) => {
    for (let cut = 0; cut <= numSlots; cut++) {
      for (const order of [1, -1]) {
        const sum = new TreeSum<Float32Array>(numSlots, addInto);
        const runs = [
          [0, cut],
          [cut, numSlots],
        ] as const;
        for (const [start, end] of order === 1 ? runs : runs.toReversed()) pushRun(sum, slots, start, end);
        t.true(same(sum.root!, expected));
      }
    }
  });

  test(`${numSlots} slots: random splits into many runs, partial sums arriving in any order`, (t) => {
    const next = random(1000 + numSlots);
    for (let trial = 0; trial < 40; trial++) {
      const cuts = Array.from({ length: numSlots - 1 }, (_, i) => i + 1).filter(() => next() < 0.4);
      const bounds = [0, ...cuts, numSlots];
      const parts = bounds.slice(1).flatMap((end, i) => partsOf(slots, bounds[i]!, end));
      const sum = new TreeSum<Float32Array>(numSlots, addInto);
      for (const [i, { subtree, value }] of shuffle(parts, next).entries()) {
        t.is(sum.root, undefined, `part ${i} was still missing`);
        sum.push(subtree, value);
      }
      t.true(same(sum.root!, expected));
    }
  });
}

test('a running sum would not do: it gives other bytes', (t) => {
  const slots = randomSlots(6, 1);
  const running = slots.slice(1).reduce((sum, slot) => addInto(sum, slot), slots[0]!.slice());
  t.false(same(running, root(slots)));
});

test('an only child passes up unchanged: no zero is added, so -0 stays -0', (t) => {
  const slots = [1, 2, -0].map((value) => Float32Array.of(value));
  t.true(Object.is(node(slots, 1, 1)[0], -0));
  const order: string[] = [];
  const sum = new TreeSum<string>(3, (left, right) => {
    order.push(`${left}+${right}`);
    return `(${left}+${right})`;
  });
  for (const index of [2, 1, 0]) sum.push({ level: 0, index }, `s${index}`);
  t.is(sum.root, '((s0+s1)+s2)');
  t.deepEqual(order, ['s0+s1', '(s0+s1)+s2']);
});

function partsOf(
  slots: readonly Float32Array[],
  start: number,
  end: number,
): { subtree: TreeNode; value: Float32Array }[] {
  const { sums } = stackOf(slots, start, end);
  return maximalSubtrees(slots.length, start, end).map((subtree, i) => ({ subtree, value: sums[i]! }));
}

function pushRun(
  sum: TreeSum<Float32Array>,
  slots: readonly Float32Array[],
  start: number,
  end: number,
): void {
  for (const { subtree, value } of partsOf(slots, start, end)) sum.push(subtree, value);
}

/** The least number of tree nodes whose slots are exactly [start, end), by trying all nodes. */
function fewestNodes(numSlots: number, start: number, end: number): number {
  const fewest = Array.from({ length: numSlots + 1 }, () => Infinity);
  fewest[start] = 0;
  for (let at = start; at < end; at++) {
    for (let level = 0; level <= rootLevel(numSlots); level++) {
      for (let index = 0; index < widthOf(numSlots, level); index++) {
        const span = spanOf(numSlots, { level, index });
        if (span.start === at && span.end <= end)
          fewest[span.end] = Math.min(fewest[span.end]!, fewest[at]! + 1);
      }
    }
  }
  return fewest[end]!;
}
