import { addInto, maximalSubtrees, TreeSum } from '@ddpm-fleet/core';
import test from 'ava';
import { PartialSums } from '../src/partialSums.js';

/** The adder of the device, on the host. */
function hostSums(numSlots: number, gradient: (slot: number) => Float32Array) {
  const stack: Float32Array[] = [];
  let carry = new Float32Array(0);
  let slot = 0;
  let deepest = 0;
  const sums = new PartialSums(numSlots, {
    begin: () => void (carry = gradient(slot).slice() as Float32Array<ArrayBuffer>),
    merge: (depth) => void (carry = addInto(stack[depth]!.slice(), carry) as Float32Array<ArrayBuffer>),
    push(depth) {
      stack[depth] = carry;
      deepest = Math.max(deepest, depth + 1);
    },
    read: (depth) => (depth === 'carry' ? carry : stack[depth]!),
  });
  return {
    run: (start: number, end: number): Float32Array[] => {
      sums.clear();
      for (slot = start; slot < end; slot++) sums.add(slot, start);
      return sums.take();
    },
    deepest: () => deepest,
  };
}

function gradientOf(slot: number): Float32Array {
  return Float32Array.from(
    { length: 50 },
    (_, i) => Math.sin(12.9898 * (slot + 1) + 78.233 * i) * 10 ** ((i % 7) - 3),
  );
}

for (const numSlots of [1, 2, 3, 5, 6, 7, 8, 13, 16]) {
  test(`${numSlots} slots: any run gives its maximal subtrees, and any two runs the same root`, (t) => {
    const whole = new TreeSum<Float32Array>(numSlots, (left, right) => addInto(left.slice(), right));
    for (let slot = 0; slot < numSlots; slot++) whole.push({ level: 0, index: slot }, gradientOf(slot));
    const { run, deepest } = hostSums(numSlots, gradientOf);
    for (let cut = 0; cut <= numSlots; cut++) {
      for (let second = cut; second <= numSlots; second++) {
        const tree = new TreeSum<Float32Array>(numSlots, (left, right) => addInto(left.slice(), right));
        for (const [start, end] of [
          [0, cut],
          [cut, second],
          [second, numSlots],
        ] as const) {
          const nodes = maximalSubtrees(numSlots, start, end);
          const partials = run(start, end);
          t.is(partials.length, nodes.length, `[${start}, ${end})`);
          nodes.forEach((node, i) => tree.push(node, partials[i]!));
        }
        t.deepEqual(tree.root, whole.root, `cut at ${cut} and ${second}`);
      }
    }
    t.true(deepest() <= Math.ceil(Math.log2(numSlots)));
  });
}

test('a running sum is another number: the order is what makes splits equal', (t) => {
  const tree = hostSums(6, gradientOf).run(0, 6)[0];
  const running = new Float32Array(50);
  for (let slot = 0; slot < 6; slot++) addInto(running, gradientOf(slot));
  t.notDeepEqual(running, tree);
});
