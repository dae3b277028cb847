import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chooseStale, listCache, openDataset, removeCached } from '../../src/index.js';
import { dataConfig } from '../support/config.js';
import { directoryOf } from '../support/files.js';
import { png } from '../support/images.js';
import { asOrdinaryUser, modesCount } from '../support/ordinaryUser.js';

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

const OPEN = `const notices = [];
const dataset = await data.openDataset(given.config, { home: given.home, onNotice: (text) => notices.push(text) });
console.log(JSON.stringify({ hash: dataset.hash, notices }));
await dataset.close();`;
type Opened = { hash: string; notices: string[] };

/** A folder of one image, and its hash. */
async function single(t: ExecutionContext) {
  const config = dataConfig({
    kind: 'imageFolder',
    path: await directoryOf(t, { '0.png': await png(0, 4) }),
  });
  const home = await directoryOf(t);
  const { hash } = await openDataset(config, { home });
  const { directory } = (await listCache(home))[0]!;
  return { config, home, hash, directory };
}

const ordinary = modesCount ? test : test.skip;

ordinary('a cache that may not be written, and one of somebody else, are read', async (t) => {
  const { config, home, hash, directory } = await single(t);
  await chmod(directory, 0o555);
  await chmod(home, 0o555);
  t.teardown(() => Promise.all([chmod(home, 0o755), chmod(directory, 0o755)]));
  t.deepEqual(await asOrdinaryUser<Opened>(OPEN, { config, home }), { hash, notices: [] });
  if (process.getuid?.() !== 0) return;
  for (const path of [directory, home]) await chown(path, 65_534, 65_534);
  t.deepEqual(await asOrdinaryUser<Opened>(OPEN, { config, home }), { hash, notices: [] });
});

ordinary('a cache that is empty or damaged, and may not be written, does not stop a run', async (t) => {
  const { config, home, hash, directory } = await single(t);
  await writeFile(join(directory, 'images.bin'), 'x');
  await chmod(directory, 0o555);
  const empty = await directoryOf(t);
  for (const place of [home, empty]) {
    await chmod(place, 0o555);
    t.teardown(() => chmod(place, 0o755));
    const opened = await asOrdinaryUser<Opened>(OPEN, { config, home: place });
    t.is(opened.hash, hash);
    t.regex(opened.notices.at(-1)!, /the decoded images cannot be kept in .*(EACCES|EPERM)/);
  }
  await chmod(directory, 0o755);
});

/** A file system of 64 KiB. @returns whether this process may make one */
function mountSmall(t: ExecutionContext, place: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', place], { stdio: 'ignore' });
  } catch {
    return false;
  }
  t.teardown(() => void execFileSync('umount', [place]));
  return true;
}

test('a cache that is full does not stop a run, and is left as it was', async (t) => {
  const home = await directoryOf(t);
  if (!mountSmall(t, home)) return t.pass('no file system can be mounted here');
  const images = Array.from({ length: 20 }, async (_, i) => [`${i}.png`, await png(i, 40)] as const);
  const path = await directoryOf(t, Object.fromEntries(await Promise.all(images)));
  const config = dataConfig({ kind: 'imageFolder', path });
  const notices: string[] = [];
  const { hash, size } = await openDataset(config, { home, onNotice: (text) => notices.push(text) });
  t.is(size, 20);
  t.is(hash, (await openDataset(config, { home: await directoryOf(t) })).hash);
  t.regex(notices.at(-1)!, /the decoded images cannot be kept in .*ENOSPC/);
  t.deepEqual(await readdir(home), []);
});
