import test from 'ava';
import { philoxBlock, philoxFill } from '../../src/index.js';

/** Random123 (Salmon et al. 2011), tests/kat_vectors: every line `philox4x32 10`. Counter, key, expected. */
const KNOWN_ANSWERS = [
  '00000000 00000000 00000000 00000000  00000000 00000000  6627e8d5 e169c58d bc57ac4c 9b00dbd8',
  'ffffffff ffffffff ffffffff ffffffff  ffffffff ffffffff  408f276d 41c83b0e a20bc7c6 6d5451fd',
  '243f6a88 85a308d3 13198a2e 03707344  a4093822 299f31d0  d16cfe09 94fdcceb 5001e420 24126ea1',
];

for (const line of KNOWN_ANSWERS) {
  test(`known answer ${line.slice(0, 8)}`, (t) => {
    const [c0, c1, c2, c3, k0, k1, ...expected] = line.split(/\s+/).map((word) => parseInt(word, 16));
    const out = new Uint32Array(4);
    philoxBlock(c0!, c1!, c2!, c3!, k0!, k1!, out, 0);
    t.deepEqual([...out], expected);
    const counter = (BigInt(c1!) << 32n) | BigInt(c0!);
    const stream = (BigInt(c3!) << 32n) | BigInt(c2!);
    t.deepEqual([...philoxFill({ seed: k0!, purpose: k1!, counter, stream }, new Uint32Array(4))], expected);
  });
}

/** The same algorithm in 64-bit integers, straight from the paper's figure: no halves, no shortcuts. */
function referenceBlock(counter: bigint, key: bigint): number[] {
  const mask = 0xffffffffn;
  let c = [0n, 32n, 64n, 96n].map((shift) => (counter >> shift) & mask);
  let [k0, k1] = [key & mask, key >> 32n];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c[0]!;
    const p1 = 0xcd9e8d57n * c[2]!;
    c = [(p1 >> 32n) ^ c[1]! ^ k0, p1 & mask, (p0 >> 32n) ^ c[3]! ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return c.map(Number);
}

test('agrees with 64-bit arithmetic at 2,000 addresses', (t) => {
  let state = 1n;
  const next = () => (state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn);
  for (let i = 0; i < 2000; i++) {
    const [counter, stream, key] = [next(), next(), next()];
    const address = { seed: Number(key & 0xffffffffn), purpose: Number(key >> 32n), counter, stream };
    const block = [...philoxFill(address, new Uint32Array(4))];
    if (String(block) !== String(referenceBlock((stream << 64n) | counter, key))) t.fail(`at ${i}`);
  }
  t.pass();
});

test('the counter carries over all four words', (t) => {
  for (const [counter, stream] of [
    [0xfffffffen, 0n],
    [0xfffffffffffffffen, 0n],
    [0xfffffffffffffffen, 0xffffffffn],
    [0xfffffffffffffffen, 0xffffffffffffffffn],
  ] as const) {
    const words = philoxFill({ seed: 3, purpose: 4, counter, stream }, new Uint32Array(16));
    for (let block = 0; block < 4; block++) {
      const wide = ((stream << 64n) + counter + BigInt(block)) & ((1n << 128n) - 1n);
      t.deepEqual([...words.subarray(4 * block, 4 * block + 4)], referenceBlock(wide, (4n << 32n) | 3n));
    }
  }
});

test('a last block that does not fit is cut, not lost', (t) => {
  const address = { seed: 1, purpose: 2, counter: 9n };
  const whole = philoxFill(address, new Uint32Array(12));
  for (let n = 1; n < 12; n++) t.deepEqual(philoxFill(address, new Uint32Array(n)), whole.slice(0, n));
});

test('seeds, purposes and streams do not meet', (t) => {
  const base = { seed: 0, purpose: 1, counter: 0n, stream: 0n };
  const others = [
    { ...base, seed: 1 },
    { ...base, purpose: 2 },
    { ...base, stream: 1n },
    { ...base, counter: 1n },
  ];
  const words = [base, ...others].map((address) => philoxFill(address, new Uint32Array(4)).join());
  t.is(new Set(words).size, words.length);
});
