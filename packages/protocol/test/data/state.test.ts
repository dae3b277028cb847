import test from 'ava';
import {
  chunksOf,
  chunkSpan,
  fingerprintText,
  ProtocolError,
  sectionsOf,
  STATE_CHUNK,
  stateFrom,
} from '../../src/index.js';

const STATE = {
  params: Float32Array.of(1, 2),
  optimizer: { m: Float32Array.of(3, 4), v: Float32Array.of(5, 6) },
  derived: [{ name: 'lossHistory', values: Float32Array.of(7) }],
  emas: [
    { decay: 0.99, values: Float32Array.of(8, 9) },
    { decay: 0.9999, values: Float32Array.of(10, 11) },
  ],
};

test('a state is its sections in one order, and comes back from them', (t) => {
  const { sections, arrays } = sectionsOf(STATE);
  t.deepEqual(
    sections.map(({ name }) => name),
    ['params', 'optimizer.m', 'optimizer.v', 'derived-lossHistory', 'ema-0.99', 'ema-0.9999'],
  );
  t.deepEqual(stateFrom(sections, arrays), STATE);
});

test('arrays are shared, not copied', (t) => {
  t.is(sectionsOf(STATE).arrays[0], STATE.params);
});

test('a state without parameters is none', (t) => {
  const { sections, arrays } = sectionsOf(STATE);
  t.throws(() => stateFrom(sections.slice(1), arrays.slice(1)), { instanceOf: ProtocolError });
});

test('chunks cover a section exactly once', (t) => {
  for (const count of [0, 1, STATE_CHUNK, STATE_CHUNK + 1, 3 * STATE_CHUNK - 1]) {
    const section = { name: 'params', count };
    let at = 0;
    for (let chunk = 0; chunk < chunksOf(section); chunk++) {
      const { start, end } = chunkSpan(section, chunk);
      t.is(start, at);
      t.true(end > start && end - start <= STATE_CHUNK);
      at = end;
    }
    t.is(at, count);
  }
});

test('fingerprints are spelled as 64 bits, signed or not', (t) => {
  t.is(fingerprintText(0n), '0000000000000000');
  t.is(fingerprintText(-1n), 'ffffffffffffffff');
  t.is(fingerprintText(-1n), fingerprintText(2n ** 64n - 1n));
});
