import { chmod, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { chooseStale, listCache, openDataset, removeCached } from '../../src/index.js';
import { dataConfig } from '../support/config.js';
import { directoryOf } from '../support/files.js';
import { png } from '../support/images.js';

const DAY = 24 * 3600 * 1000;

test('what was opened is listed, the least recently used first, and can be removed', async (t) => {
  const home = await directoryOf(t);
  const config = async () =>
    dataConfig({ kind: 'imageFolder', path: await directoryOf(t, { '0.png': await png(0, 4) }) });
  const [first, second] = [await config(), await config()];
  for (const one of [first, second]) await openDataset(one, { home });
  await mkdir(join(home, 'left-behind'));
  const entries = await listCache(home);
  t.is(entries.length, 3);
  t.deepEqual(entries.filter(({ facts }) => facts).map(({ facts }) => facts!.size), [1, 1]); // prettier-ignore
  t.deepEqual(await removeCached(entries.slice(0, 1)), []);
  t.is((await readdir(home)).length, 2);
  t.deepEqual(await listCache(join(home, 'nowhere')), []);
});

test('opening a data set again is using it', async (t) => {
  const home = await directoryOf(t);
  const config = dataConfig({
    kind: 'imageFolder',
    path: await directoryOf(t, { '0.png': await png(0, 4) }),
  });
  await openDataset(config, { home });
  const { directory } = (await listCache(home))[0]!;
  const old = new Date(Date.now() - 9 * DAY);
  for (const name of await readdir(directory)) await utimes(join(directory, name), old, old);
  await utimes(directory, old, old);
  await openDataset(config, { home });
  t.true(Date.now() - (await listCache(home))[0]!.usedAt.getTime() < DAY);
});

test('what goes: by age, by size, and what nobody can read, but nothing that is being written', (t) => {
  const now = new Date(100 * DAY);
  const facts = { name: 'x', size: 1, imageSize: 4, channels: 3, keepsImages: true } as const;
  const at = (days: number, sizeBytes: number, readable = true) => ({
    ...{ directory: `${days}`, sizeBytes, usedAt: new Date((100 - days) * DAY) },
    ...(readable && { facts }),
  });
  const entries = [at(40, 10), at(20, 10, false), at(10, 10), at(0.5, 10, false), at(0.1, 10)];
  const stale = (limits: object) =>
    chooseStale(entries, { now, ...limits }).map(({ directory }) => directory);
  t.deepEqual(stale({}), ['20']);
  t.deepEqual(stale({ olderThanMs: 30 * DAY }), ['40', '20']);
  t.deepEqual(stale({ toBytes: 25 }), ['40', '20', '10']);
  t.deepEqual(stale({ toBytes: -1 }), ['40', '20', '10', '0.5', '0.1']);
});

test('a cache that is damaged and may not be written does not stop a run', async (t) => {
  const home = await directoryOf(t);
  const config = dataConfig({
    kind: 'imageFolder',
    path: await directoryOf(t, { '0.png': await png(0, 4) }),
  });
  const { hash } = await openDataset(config, { home });
  const { directory } = (await listCache(home))[0]!;
  await writeFile(join(directory, 'images.bin'), 'x');
  await chmod(directory, 0o555);
  await chmod(home, 0o555);
  t.teardown(async () => {
    await chmod(home, 0o755);
    await chmod(directory, 0o755).catch(() => {});
  });
  t.is((await openDataset(config, { home })).hash, hash);
});
