import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import test, { type ExecutionContext } from 'ava';
import { openDataset } from '../../src/index.js';
import { decode } from '../../src/image/decode.js';
import { dataConfig } from '../support/config.js';
import { directoryOf } from '../support/files.js';
import { encode, picture, png } from '../support/images.js';
import { warningJpeg } from '../support/warningJpeg.js';

async function notesOf(t: ExecutionContext, files: Record<string, Uint8Array>, overrides = {}) {
  const config = dataConfig({ kind: 'imageFolder', path: await directoryOf(t, files), ...overrides });
  const { notes, sizes } = await openDataset(config, { home: await directoryOf(t) });
  return { texts: notes.map(({ text }) => text), sizes };
}

test('a picture that a decoder only warns of is taken, and the warning counted', async (t) => {
  const bytes = await warningJpeg();
  t.truthy((await decode(bytes)).warning);
  const { texts } = await notesOf(t, { '0.jpg': bytes, '1.png': await png(0, 16), '2.jpg': bytes });
  t.regex(texts[0]!, /^the decoder complains of 2 of 3 images.*0\.jpg: (.*SOS|a warning)/);
  t.is(texts.length, 1);
});

test('more pixels than any photograph are refused before they are decoded', async (t) => {
  const bomb = Buffer.from(await png(0, 8));
  bomb.writeUInt32BE(12_000, 16);
  bomb.writeUInt32BE(12_000, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  await t.throwsAsync(decode(bomb), { message: /pixel limit/ });
});

test('GIF, TIFF and AVIF are read, of several frames the first', async (t) => {
  const data = picture(2, 8);
  const raw = sharp(data, { raw: { width: 8, height: 8, channels: 3 } });
  const frames = sharp(Buffer.concat([data, picture(3, 8)]), { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } }); // prettier-ignore
  const { texts } = await notesOf(t, {
    '0.gif': await frames.gif().toBuffer(),
    '1.tif': await raw.clone().tiff().toBuffer(),
    '2.avif': await raw.clone().avif({ lossless: true }).toBuffer(),
  });
  t.is(texts.length, 1);
  t.regex(texts[0]!, /^1 of 3 images have several frames.*0\.gif \(2\)/);
});

test('transparency, crops, enlargement and sizes are counted', async (t) => {
  const { texts, sizes } = await notesOf(
    t,
    {
      '0.png': await encode(picture(0, 8, 8, 4), 8, 8),
      '1.png': await encode(picture(1, 30, 20), 30, 20),
      '2.png': await encode(picture(2, 40, 20), 40, 20),
      '3.png': await png(3, 20),
    },
    { size: 16 },
  );
  t.regex(texts[0]!, /^1 of 4 images are transparent .*0\.png/);
  t.regex(texts[1]!, /^1 of 4 images are smaller than 16 pixels and are enlarged, first .*0\.png \(8x8\)/);
  t.regex(texts[2]!, /^2 of 4 images are not square and lose 42 % of their area on average.*1\.png/);
  t.is(texts.length, 3);
  t.deepEqual(sizes, { count: 4, smallest: [8, 8], largest: [40, 20] });
});

test('a set that is nearly black is noted, as 12 bits in files of 16 are', async (t) => {
  const values = Uint16Array.from({ length: 64 }, (_, i) => (i * 63) & 4095);
  const deep = await sharp(values, { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  t.is(deep[24], 16);
  const { texts } = await notesOf(t, { '0.png': deep }, { channels: 1 });
  t.regex(texts.join(), /no pixel of the set is brighter than 15 of 255/);
  t.deepEqual((await notesOf(t, { '0.png': deep, '1.png': await png(0, 8) })).texts, []);
});
