import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { imageBytes, openDataset, type Dataset, type OpenOptions } from '../src/index.js';
import { dataConfig } from './support/config.js';
import { directoryOf } from './support/files.js';
import { picture, png, sameBytes } from './support/images.js';

const COUNT = 6;

async function folder(t: ExecutionContext): Promise<string> {
  const files = await Promise.all(
    Array.from({ length: COUNT }, async (_, i) => [`${i}.png`, await png(i, 8)] as const),
  );
  return directoryOf(t, Object.fromEntries(files));
}

/** Opens and counts how many images were decoded for it. */
async function open(
  path: string,
  options: OpenOptions,
  size = 8,
): Promise<{ dataset: Dataset; decoded: number }> {
  let decoded = 0;
  const onProgress = () => void decoded++;
  const config = dataConfig({ kind: 'imageFolder', path, size });
  return { dataset: await openDataset(config, { ...options, onProgress }), decoded };
}

async function readAll(dataset: Dataset): Promise<Uint8Array> {
  const out = new Uint8Array(dataset.size * imageBytes(dataset));
  await dataset.read(
    Uint32Array.from({ length: dataset.size }, (_, i) => i),
    out,
  );
  return out;
}

const expected = Buffer.concat(Array.from({ length: COUNT }, (_, i) => picture(i, 8)));
const entries = async (home: string) => (await readdir(home)).filter((name) => !name.includes('.tmp-'));

test('decoded once, then opened from the cache', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  t.is((await open(path, { home })).decoded, COUNT);
  const again = await open(path, { home });
  t.is(again.decoded, 0);
  t.true(sameBytes(await readAll(again.dataset), expected));
});

test('other settings, and files that changed, are another entry', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  const { dataset } = await open(path, { home });
  t.is((await open(path, { home }, 4)).decoded, COUNT);
  const file = join(path, '3.png');
  const { atime, mtime, size } = await stat(file);
  const other = await png(77, 8);
  await writeFile(
    file,
    other.length >= size ? other : Buffer.concat([other, Buffer.alloc(size - other.length)]),
  );
  await utimes(file, atime, mtime);
  const changed = await open(path, { home });
  t.is(changed.decoded, COUNT, 'also with the times put back');
  t.not(changed.dataset.hash, dataset.hash);
  t.is((await entries(home)).length, 3);
});

const DAMAGES: Record<string, (entry: string) => Promise<void>> = {
  'a flipped bit in the images': (entry) => flip(join(entry, 'images.bin'), 100),
  'images cut short': async (entry) =>
    writeFile(join(entry, 'images.bin'), (await readFile(join(entry, 'images.bin'))).subarray(9)),
  'no images': (entry) => rm(join(entry, 'images.bin')),
  'a flipped bit in the checks': (entry) => flip(join(entry, 'checks.bin'), 5),
  'no checks': (entry) => rm(join(entry, 'checks.bin')),
  'facts that were edited': async (entry) => {
    const facts = await readFile(join(entry, 'facts.json'), 'utf8');
    await writeFile(join(entry, 'facts.json'), facts.replace('"size": 6', '"size": 5'));
  },
  'facts cut short': (entry) => writeFile(join(entry, 'facts.json'), '{"facts":'),
  'an empty directory': async (entry) => {
    await rm(entry, { recursive: true });
    await mkdir(entry);
  },
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`a damaged entry is found and made again: ${name}`, async (t) => {
    const [path, home] = [await folder(t), await directoryOf(t)];
    const first = await open(path, { home });
    await damage(join(home, (await entries(home))[0]!));
    const again = await open(path, { home });
    t.is(again.decoded, COUNT);
    t.is(again.dataset.hash, first.dataset.hash);
    t.true(sameBytes(await readAll(again.dataset), expected));
    t.is((await open(path, { home })).decoded, 0);
    t.is((await readdir(home)).length, 1, 'nothing is left aside');
  });
}

test('an image in the cache that rots is an error of the read, naming the entry', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  const { dataset } = await open(path, { home, memoryBytes: 0 });
  const entry = join(home, (await entries(home))[0]!);
  await flip(join(entry, 'images.bin'), 2 * imageBytes(dataset) + 5);
  const out = new Uint8Array(imageBytes(dataset));
  await dataset.read([1], out);
  await t.throwsAsync(dataset.read([2], out), {
    message: /images\.bin is damaged at image 2\. Delete .*; it is made again/,
  });
  await dataset.close();
});

test('images that change under a data set decoded at each read are noticed', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  const { dataset } = await open(path, { home, cacheBytes: 0 });
  await writeFile(join(path, '4.png'), await png(99, 8));
  const out = new Uint8Array(imageBytes(dataset));
  await t.throwsAsync(dataset.read([4], out), { message: /4\.png is not what it was/ });
  await writeFile(join(path, '4.png'), 'broken');
  await t.throwsAsync(dataset.read([4], out), { message: /4\.png cannot be decoded/ });
  await rm(join(path, '4.png'));
  await t.throwsAsync(dataset.read([4], out), {
    message: /cannot read the images at .*4\.png: there is nothing there/,
  });
  await dataset.close();
});

test('many at once on an empty cache: each gets the images, one entry stays', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  const opened = await Promise.all(Array.from({ length: 5 }, () => open(path, { home })));
  for (const { dataset } of opened) t.true(sameBytes(await readAll(dataset), expected));
  t.is((await readdir(home)).length, 1);
});

test('a cache that cannot be written: it says so and works without', async (t) => {
  const path = await folder(t);
  const file = join(await directoryOf(t, { file: 'x' }), 'file');
  const notices: string[] = [];
  const { dataset } = await open(path, { home: join(file, 'home'), onNotice: (text) => notices.push(text) });
  t.true(sameBytes(await readAll(dataset), expected));
  t.is(notices.length, 1);
  t.regex(notices[0]!, /cannot be kept in .*file\/home/);
});

test('what killed processes left aside is swept up after a day', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  await open(path, { home });
  const [entry] = await entries(home);
  await rm(join(home, entry!), { recursive: true });
  for (const [name, age] of [
    ['old', 25],
    ['young', 23],
  ] as const) {
    const aside = join(home, `${entry}.tmp-${name}`);
    await mkdir(aside);
    const then = new Date(Date.now() - age * 3600 * 1000);
    await utimes(aside, then, then);
  }
  await open(path, { home });
  t.deepEqual((await readdir(home)).sort(), [entry!, `${entry}.tmp-young`]);
});

test('a refused data set leaves nothing in the cache', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  await writeFile(join(path, '5.png'), 'broken');
  await t.throwsAsync(open(path, { home }), { message: /5\.png cannot be decoded/ });
  t.deepEqual(await readdir(home), []);
});

test('the cache lies under DDPM_FLEET_HOME', async (t) => {
  const [path, home] = [await folder(t), await directoryOf(t)];
  const before = process.env['DDPM_FLEET_HOME'];
  process.env['DDPM_FLEET_HOME'] = home;
  try {
    await open(path, {});
  } finally {
    if (before === undefined) delete process.env['DDPM_FLEET_HOME'];
    else process.env['DDPM_FLEET_HOME'] = before;
  }
  t.is((await entries(join(home, 'data'))).length, 1);
});

async function flip(path: string, at: number): Promise<void> {
  await chmod(path, 0o644);
  const bytes = await readFile(path);
  bytes[at]! ^= 1;
  await writeFile(path, bytes);
}
