import test from 'ava';
import { ReadAhead } from '../../src/storage/readAhead.js';

const SIZE = 64 << 20;
const file = { path: 's3://b/x', sizeBytes: SIZE, mtimeMs: 0, ctimeMs: 0 };
/** Byte i of the file is i mod 251. */
const bytesAt = (start: number, length: number) => Uint8Array.from({ length }, (_, i) => (start + i) % 251);

function counted() {
  const asked: number[] = [];
  const ahead = new ReadAhead();
  const read = (offset: number, length: number, source = file) =>
    ahead.read(source, offset, length, async (start, wanted) => {
      asked.push(wanted);
      return bytesAt(start, wanted);
    });
  return { asked, read };
}

test('reads from front to back become few requests, and give what was asked for', async (t) => {
  const { asked, read } = counted();
  const offsets = Array.from({ length: 500 }, (_, i) => i * 4000);
  for (const offset of offsets) {
    const bytes = await read(offset, 2500);
    t.is(bytes.buffer.byteLength, 2500, 'no more than that goes to another thread');
    t.true(Buffer.from(bytes).equals(bytesAt(offset, 2500)));
  }
  t.true(asked.length < 10, `${asked.length} requests`);
  t.true(Math.max(...asked) <= 8 << 20);
});

test('reads here and there ask for what they need', async (t) => {
  const { asked, read } = counted();
  let state = 1;
  for (let i = 0; i < 100; i++) await read((state = (state * 48271) % 0x7fffffff) % (SIZE - 3000), 3000);
  t.deepEqual(new Set(asked), new Set([3000]));
});

test('two files in turn are no reading on, and the end of a file is not passed', async (t) => {
  const { asked, read } = counted();
  const other = { ...file, path: 's3://b/y' };
  for (let i = 0; i < 20; i++) await read(i * 1000, 1000, i % 2 ? file : other);
  t.deepEqual(new Set(asked), new Set([1000]));
  for (let offset = SIZE - 10_000; offset < SIZE; offset += 1000) await read(offset, 1000);
  t.is(
    asked.slice(20).reduce((sum, n) => sum + n, 0),
    10_000,
  );
});

test('a request that failed is asked again', async (t) => {
  const ahead = new ReadAhead();
  const fail = () => Promise.reject(new Error('no'));
  for (let i = 0; i < 5; i++) await t.throwsAsync(ahead.read(file, i * 10, 10, fail), { message: 'no' });
  const bytes = await ahead.read(file, 40, 10, async (start, wanted) => bytesAt(start, wanted));
  t.deepEqual([...bytes], [...bytesAt(40, 10)]);
});
