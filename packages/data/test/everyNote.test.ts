import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadConfig, type DataConfig } from '@ddpm-fleet/config';
import { assertAccepted, NOTES, type Note, type NoteCode } from '@ddpm-fleet/core';
import test, { type ExecutionContext } from 'ava';
import sharp from 'sharp';
import { dataNotes, openDataset } from '../src/index.js';
import { dataConfig } from './support/config.js';
import { directoryOf } from './support/files.js';
import { encode, picture, png } from './support/images.js';
import { asOrdinaryUser, modesCount } from './support/ordinaryUser.js';
import { tarBytes } from './support/tar.js';
import { warningJpeg } from './support/warningJpeg.js';

type DataCode = Extract<NoteCode, `DDPM_NOTE_DATA_${string}`>;

/** What is brought, and under which settings. */
interface Brought {
  readonly files: Record<string, Uint8Array | string>;
  readonly kind?: DataConfig['kind'];
  readonly data?: Partial<DataConfig>;
  readonly numClasses?: number;
  /** What a record of contents cannot say. */
  readonly then?: (path: string) => Promise<unknown>;
  /** Modes count, which they do not for the superuser. */
  readonly isClosed?: boolean;
}

const one = await png(0, 8);
const tar = { kind: 'webdataset' } as const;
const frames = sharp(Buffer.concat([picture(2, 8), picture(3, 8)]), {
  raw: { width: 8, height: 16, channels: 3, pageHeight: 8 },
});
const dark = await encode(new Uint8Array(192), 8, 8);
const sealed = await tarBytes({ '0.png': one });
const [labelled, text] = await Promise.all(
  ['{"label":1}', '{"label":"cat"}'].map((json) => tarBytes({ '0.png': one, '0.json': json })),
);
const partly = await tarBytes({ '0.png': one, '0.cls': '0', '1.png': one });

/** Something that brings each note about. */
const BROUGHT: Record<DataCode, Brought> = {
  DDPM_NOTE_DATA_ENDINGS: { files: { '0.png': one, '1.heic': 'x' } },
  DDPM_NOTE_DATA_CLOSED: {
    files: { 'a/0.png': one, 'b/0.png': one },
    then: (path) => chmod(join(path, 'b'), 0),
    isClosed: true,
    data: { onBadImage: 'skip' },
  },
  DDPM_NOTE_DATA_REPEATED: {
    files: { '0.png': one },
    then: (path) => symlink('0.png', join(path, '1.png')),
  },
  DDPM_NOTE_DATA_STRAYS: { files: { '0.png': one, 'a/0.png': one } },
  DDPM_NOTE_DATA_COMPRESSED: { ...tar, files: { 'x.tar': sealed, 'y.tar.gz': gzipSync(sealed) } },
  DDPM_NOTE_DATA_TAR_OPEN: { ...tar, files: { 'x.tar': sealed.subarray(0, 1024) } },
  DDPM_NOTE_DATA_TAR_BEHIND: { ...tar, files: { 'x.tar': Buffer.concat([sealed, sealed]) } },
  DDPM_NOTE_DATA_TAR_SECOND: { ...tar, files: { 'x.tar': await tarBytes({ '0.png': one, '0.jpg': one }) } },
  DDPM_NOTE_DATA_WARNED: { files: { '0.jpg': await warningJpeg() }, data: { size: 16 } },
  DDPM_NOTE_DATA_TRANSPARENT: { files: { '0.png': await encode(picture(0, 8, 8, 4), 8, 8) } },
  DDPM_NOTE_DATA_FRAMES: { files: { '0.gif': await frames.gif().toBuffer() } },
  DDPM_NOTE_DATA_CROPPED: { files: { '0.png': await encode(picture(1, 12, 8), 12, 8) }, data: { size: 8 } },
  DDPM_NOTE_DATA_ENLARGED: { files: { '0.png': one }, data: { size: 16 } },
  DDPM_NOTE_DATA_DARK: { files: { '0.png': dark } },
  DDPM_NOTE_DATA_TEXT_LABELS: { ...tar, files: { 'x.tar': text! } },
  DDPM_NOTE_DATA_UNREADABLE_LABELS: {
    ...tar,
    files: { 'x.tar': await tarBytes({ '0.png': one, '0.json': '{"label":1.5}' }) },
  },
  DDPM_NOTE_DATA_UNLABELLED: { ...tar, files: { 'x.tar': partly } },
  DDPM_NOTE_DATA_EMPTY_CLASSES: { ...tar, files: { 'x.tar': labelled! }, numClasses: 2 },
  DDPM_NOTE_DATA_SKIPPED: { files: { '0.png': one, '1.png': 'x' }, data: { onBadImage: 'skip' } },
  DDPM_NOTE_DATA_HELD_OUT: { files: { '0.png': one, '1.png': await png(1, 8) }, data: { heldOut: 1 } },
};

const OPEN = `const dataset = await data.openDataset(given.data, { home: given.home });
  console.log(JSON.stringify(data.dataNotes(dataset, given)));
  await dataset.close();`;

async function notesOf(t: ExecutionContext, { files, kind = 'imageFolder', then, ...settings }: Brought) {
  const path = await directoryOf(t, files);
  await then?.(path);
  const data = dataConfig({ kind, path, heldOut: 0, ...settings.data });
  const home = await directoryOf(t);
  const { model } = loadConfig({ env: {}, set: [`model.numClasses=${settings.numClasses ?? 0}`] });
  if (settings.isClosed) return asOrdinaryUser<Note[]>(OPEN, { data, model, home });
  const dataset = await openDataset(data, { home });
  t.teardown(() => dataset.close());
  return dataNotes(dataset, { data, model });
}

for (const [code, brought] of Object.entries(BROUGHT)) {
  (brought.isClosed && !modesCount ? test.skip : test)(
    `${code} is said, and refused by --strict unless it is accepted`,
    async (t) => {
      const notes = await notesOf(t, brought);
      t.deepEqual([...new Set(notes.map((note) => note.code as string))], [code]);
      t.notRegex(notes[0]!.text, /\{\w+\}|undefined|NaN/);
      t.throws(() => assertAccepted(notes, { strict: true }), {
        code: 'DDPM_ERR_STRICT',
        message: new RegExp(`\\[${code}\\]`),
      });
      t.notThrows(() => assertAccepted(notes, { strict: true, accept: [code] }));
      t.notThrows(() => assertAccepted(notes, {}));
    },
  );
}

test('every note of data has its case here', (t) => {
  const all = Object.keys(NOTES).filter((code) => code.startsWith('DDPM_NOTE_DATA_'));
  t.deepEqual(Object.keys(BROUGHT), all);
});
