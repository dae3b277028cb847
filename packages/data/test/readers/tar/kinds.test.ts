import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openDataset } from '../../../src/index.js';
import { dataConfig } from '../../support/config.js';
import { directoryOf } from '../../support/files.js';
import { picture, png, sameBytes } from '../../support/images.js';
import { readAll } from '../../support/read.js';
import { tarBytes } from '../../support/tar.js';

const open = async (t: ExecutionContext, archive: Uint8Array, overrides = {}) => {
  const path = await directoryOf(t, { 'x.tar': archive });
  return openDataset(dataConfig({ kind: 'webdataset', path, ...overrides }), { home: await directoryOf(t) });
};

/** What GNU tar writes of a directory. */
function archive(directory: string, names: readonly string[], flags: readonly string[] = []): Buffer {
  const out = join(directory, 'out.tar');
  execFileSync('tar', ['-cf', out, ...flags, '-C', directory, '--', ...names]);
  return readFileSync(out);
}

for (const format of ['ustar', 'gnu', 'pax']) {
  test(`${format}: members that are links to others have their contents`, async (t) => {
    const long = `${'n'.repeat(110)}.png`;
    const first = format === 'ustar' ? '0.png' : long;
    const directory = await directoryOf(t, { [first]: await png(0, 6), 'dir/9.png': await png(9, 6) });
    linkSync(join(directory, first), join(directory, '1.png'));
    symlinkSync(first, join(directory, '2.png'));
    symlinkSync(`../${first}`, join(directory, 'dir/3.png'));
    symlinkSync('2.png', join(directory, '4.png'));
    const names = [first, '1.png', '2.png', 'dir/3.png', '4.png', 'dir/9.png'];
    const dataset = await open(t, archive(directory, names, [`--format=${format}`]));
    t.is(dataset.size, 6);
    const same = Array.from({ length: 5 }, () => picture(0, 6));
    t.true(sameBytes(await readAll(dataset), Buffer.concat([...same, picture(9, 6)])));
  });
}

test('a link to what is not in the archive, and links in a circle, are named', async (t) => {
  const directory = await directoryOf(t, { '0.png': await png(0, 6) });
  symlinkSync('/gone.png', join(directory, '1.png'));
  symlinkSync('3.png', join(directory, '2.png'));
  symlinkSync('2.png', join(directory, '3.png'));
  const bytes = archive(directory, ['0.png', '1.png', '2.png', '3.png']);
  await t.throwsAsync(open(t, bytes), {
    message: /x\.tar: 1\.png .* it is a link to \/gone\.png, which is no image/,
  });
  const { size, skipped } = await open(t, bytes, { onBadImage: 'skip' });
  t.deepEqual([size, skipped.length], [1, 3]);
});

for (const flags of [
  ['--format=gnu'],
  ['--format=pax', '--sparse-version=1.0'],
  ['--format=pax', '--sparse-version=0.1'],
]) {
  test(`${flags.join(' ')}: a sparse member is named, and those behind it are read`, async (t) => {
    const directory = await directoryOf(t, {
      '0.png': await png(0, 6),
      '1.png': 'x',
      '2.png': await png(2, 6),
    });
    truncateSync(join(directory, '1.png'), 1 << 20);
    const bytes = archive(directory, ['0.png', '1.png', '2.png'], ['--sparse', ...flags]);
    const { size, skipped } = await open(t, bytes, { onBadImage: 'skip' });
    t.deepEqual([size, skipped.length], [2, 1]);
    t.regex(skipped[0]!.reason, /sparse/);
  });
}

test('members of one sample that stand apart are told by name, with the rule', async (t) => {
  const files = { '0.png': await png(0, 6), '1.png': await png(1, 6), '0.cls': '0', '1.cls': '1' };
  await t.throwsAsync(open(t, await tarBytes(files)), {
    message: /x\.tar: 0\.cls .*the members of a sample stand together in a shard and share their name/,
  });
});

test('a second image of a sample is noted', async (t) => {
  const dataset = await open(
    t,
    await tarBytes({ '0.png': await png(0, 6), '0.jpg': 'x', '1.png': await png(1, 6) }),
  );
  t.is(dataset.size, 2);
  t.deepEqual(dataset.notes.map(({ code }) => code), ['DDPM_NOTE_DATA_TAR_SECOND']); // prettier-ignore
});

test('text in .cls and .json names classes; compressed neighbours are noted', async (t) => {
  const path = await directoryOf(t, {
    'train-0.tar': await tarBytes({
      '0.png': await png(0, 6),
      '0.cls': 'newt',
      '1.json': '{"label":"cat"}',
      '1.png': await png(1, 6),
    }),
    'val-0.tar': await tarBytes({ '0.png': await png(2, 6), '0.cls': 'dog' }),
    'train-1.tar.gz': 'x',
  });
  const of = async (split: string) =>
    openDataset(dataConfig({ kind: 'webdataset', path, split }), { home: await directoryOf(t) });
  const train = await of('train');
  t.deepEqual(train.classNames, ['cat', 'dog', 'newt']);
  t.deepEqual([...train.labels([0, 1])!], [2, 0]);
  t.deepEqual(train.notes.map(({ code }) => code), ['DDPM_NOTE_DATA_COMPRESSED', 'DDPM_NOTE_DATA_TEXT_LABELS']); // prettier-ignore
  t.deepEqual([...(await of('validation')).labels([0])!], [1]);
});
