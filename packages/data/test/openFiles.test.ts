import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { OpenFiles } from '../src/openFiles.js';
import type { SourceFile } from '../src/reader.js';
import { disk } from '../src/storage/disk.js';
import { directoryOf } from './support/files.js';

test('many more files than stay open, read at random and at once', async (t) => {
  const count = 400;
  const files = Array.from({ length: count }, (_, i) => [`${i}`, Uint8Array.of(i & 255, i >> 8, 7)] as const);
  const directory = await directoryOf(t, Object.fromEntries(files));
  const open = new OpenFiles(disk);
  let state = 1;
  const wanted = Array.from({ length: 2000 }, () => (state = (state * 48271) % 2147483647) % count);
  const got = await Promise.all(wanted.map((i) => open.read(at(join(directory, `${i}`)), 0, 2)));
  t.true(got.every((bytes, i) => bytes[0]! + 256 * bytes[1]! === wanted[i]));
  for (let i = 0; i < count; i++) await open.read(at(join(directory, `${i}`)), 1, 2);
  t.true((await openIn(directory)) <= 128);
  await open.close();
  t.is(await openIn(directory), 0);
});

test('a file that ends early says what it has', async (t) => {
  const directory = await directoryOf(t, { short: 'abc' });
  const open = new OpenFiles(disk);
  const reading = open.read(at(join(directory, 'short')), 1, 10);
  await t.throwsAsync(reading, { message: /short is truncated: 11 bytes expected, 3 found/ });
  await open.close();
});

test('a file that is not there is an error each time, and closing is none', async (t) => {
  const open = new OpenFiles(disk);
  for (const _ of [1, 2])
    await t.throwsAsync(open.read(at('/nowhere/x'), 0, 1), { message: /there is nothing there/ });
  await open.close();
});

const at = (path: string): SourceFile => ({ path, sizeBytes: 0, mtimeMs: 0, ctimeMs: 0 });

/** Files of a directory that this process holds open, where the system tells (Linux). */
async function openIn(directory: string): Promise<number> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(directory)).length;
}
