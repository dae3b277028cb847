import test from 'ava';
import { decodeImages, encodeImages } from '../../src/index.js';

test('image records come back to the bit, eight bytes an image', (t) => {
  const records = { t: Int32Array.of(0, 999, -1), loss: Float32Array.of(0.5, NaN, 3.4e38) };
  const payload = encodeImages(records);
  t.is(payload.length, 24);
  t.deepEqual(decodeImages(payload), records);
});

test('they are interleaved: t, then loss', (t) => {
  const payload = encodeImages({ t: Int32Array.of(258), loss: Float32Array.of(1) });
  t.deepEqual([...payload], [2, 1, 0, 0, 0, 0, 0x80, 0x3f]);
});
