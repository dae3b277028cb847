import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { tarMembers } from '../../../src/readers/tar/members.js';
import { WindowedFile } from '../../../src/readers/tar/windowedFile.js';
import { disk } from '../../../src/storage/disk.js';
import { directoryOf } from '../../support/files.js';
import { tarBytes, type TarFormat } from '../../support/tar.js';

const LONG = `${'deep/'.repeat(30)}${'n'.repeat(90)}.png`;
const UNICODE = 'Grüße-日本.png';
const contents = (format: TarFormat): Record<string, Buffer> => ({
  'a.png': Buffer.from('first'),
  'empty.cls': Buffer.alloc(0),
  'block.bin': Buffer.alloc(512, 1),
  'large.bin': Buffer.alloc(600_000, 7),
  'dir/b.png': Buffer.from('second'),
  ...(format === 'ustar'
    ? { [`${'deep/'.repeat(20)}x.png`]: Buffer.from('prefix') }
    : { [LONG]: Buffer.from('long'), [UNICODE]: Buffer.from('ü') }),
  'last.png': Buffer.from('the end'),
});

async function openTar(t: Parameters<typeof directoryOf>[0], bytes: Uint8Array): Promise<WindowedFile> {
  const file = await WindowedFile.open(
    disk,
    await disk.stat(join(await directoryOf(t, { 'x.tar': bytes }), 'x.tar')),
  );
  t.teardown(() => file.close());
  return file;
}

async function membersOf(file: WindowedFile) {
  const members: { name: string; content: Buffer }[] = [];
  for await (const { name, offset, size } of tarMembers(file)) {
    members.push({ name, content: Buffer.from(await file.read(offset, size)) });
  }
  return members;
}

for (const format of ['ustar', 'pax', 'gnu'] as const) {
  test(`${format}: names, order and contents as tar wrote them`, async (t) => {
    const expected = contents(format);
    const members = await membersOf(await openTar(t, await tarBytes(expected, format)));
    t.deepEqual(
      members.map(({ name }) => name),
      Object.keys(expected),
    );
    t.true(members.every(({ name, content }) => content.equals(expected[name]!)));
  });

  test(`${format}: cut off anywhere it is refused, with the bytes it has`, async (t) => {
    const whole = await tarBytes({ 'a.png': 'x'.repeat(700), 'b.png': 'y' }, format);
    const end = whole.lastIndexOf(Buffer.from('y')) + 512;
    for (const length of [0, 100, 512, 700, 1024, end - 512]) {
      const file = await openTar(t, whole.subarray(0, length));
      await t.throwsAsync(membersOf(file), {
        message: new RegExp(`is truncated: \\d+ bytes expected, ${length} found`),
      });
    }
  });
}

test('sizes in base 256, as GNU tar writes large ones', async (t) => {
  const archive = await tarBytes({ 'a.png': 'hello' });
  archive.fill(0, 124, 136);
  archive[124] = 0x80;
  archive[135] = 5;
  archive.write(checksum(archive), 148, 'latin1');
  t.deepEqual(await membersOf(await openTar(t, archive)), [{ name: 'a.png', content: Buffer.from('hello') }]);
});

test('a damaged header is named by its place', async (t) => {
  const archive = await tarBytes({ 'a.png': 'hello', 'b.png': 'x' });
  archive[1024 + 3]! ^= 1;
  await t.throwsAsync(membersOf(await openTar(t, archive)), {
    message: /block at byte 1024 is no tar header/,
  });
});

test('what is no archive at all is refused', async (t) => {
  await t.throwsAsync(membersOf(await openTar(t, Buffer.alloc(2048, 'no tar'))), {
    message: /is not a tar archive/,
  });
});

/** Six octal digits, NUL and space, over the first header with blanks in the field's place. */
function checksum(archive: Buffer): string {
  const sum = archive
    .subarray(0, 512)
    .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  return `${sum.toString(8).padStart(6, '0')}\0 `;
}

test('an archive that ends without its mark is read; members behind a mark are counted', async (t) => {
  const whole = await tarBytes({ 'a.png': 'x', 'b.png': 'y' });
  const end = whole.lastIndexOf(Buffer.from('y')) + 512;
  for (const [bytes, expected] of [
    [whole, { isOpen: false, behind: 0 }],
    [whole.subarray(0, end - (end % 512)), { isOpen: true, behind: 0 }],
    [whole.subarray(0, end - 511), { isOpen: true, behind: 0 }],
    [Buffer.concat([whole, whole]), { isOpen: false, behind: 2 }],
    [Buffer.concat([whole, Buffer.alloc(1024, 'noise')]), { isOpen: false, behind: 0 }],
  ] as const) {
    const members = tarMembers(await openTar(t, bytes));
    for (const name of ['a.png', 'b.png']) t.like((await members.next()).value, { name });
    t.deepEqual((await members.next()).value, expected);
  }
});

test('a compressed archive is told as such', async (t) => {
  const file = await openTar(t, gzipSync(await tarBytes({ 'a.png': 'x' })));
  await t.throwsAsync(membersOf(file), { message: /it is compressed with gzip/ });
});
