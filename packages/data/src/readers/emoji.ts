import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { fleetError } from '@ddpm-fleet/core';
import type { ImageReader, Source } from '../reader.js';
import { disk } from '../storage/disk.js';

/** What emoji.json says of an emoji or of one of its skin variations. */
interface EmojiTile {
  readonly unified: string;
  readonly sheet_x: number;
  readonly sheet_y: number;
  readonly has_img_google: boolean;
}

interface Emoji extends EmojiTile {
  readonly category: string;
  readonly skin_variations?: Record<string, EmojiTile>;
}

interface Sheet {
  readonly path: string;
  /** Pixels of a tile, without the border of one pixel on each side. */
  readonly tile: number;
}

export interface EmojiOptions {
  /** Keep one category; empty keeps all. */
  readonly category: string;
  /** Pixels wanted: up to 32 the sheet of 32-pixel tiles serves, above that the one of 64. */
  readonly size: number;
  /** Also the five skin tones of each emoji that has them. Default: no. */
  readonly skinVariations?: boolean;
}

const LICENCE =
  'Noto Emoji images by Google, Apache License 2.0 (https://github.com/googlefonts/noto-emoji); ' +
  'sheet and categories by emoji-datasource-google, MIT License, Copyright (c) 2013 Cal Henderson';

/** The emoji set that ships with the project: 1,911 colour pictures in ten categories, code point order. */
export async function locateEmoji(options: EmojiOptions): Promise<Source> {
  const root = dirname(createRequire(import.meta.url).resolve('emoji-datasource-google/package.json'));
  const tile = options.size > 32 ? 64 : 32;
  // The clean sheets have no pictures of other vendors in place of missing ones.
  const sheet = { path: join(root, 'img/google/sheets-clean', `${tile}.png`), tile };
  const list = join(root, 'emoji.json');
  const files = [await disk.stat(sheet.path), await disk.stat(list)];
  return { name: 'emoji', files, open: () => openEmoji(sheet, list, options) };
}

async function openEmoji(sheet: Sheet, list: string, options: EmojiOptions): Promise<ImageReader> {
  const all = JSON.parse(await readFile(list, 'utf8')) as Emoji[];
  const classNames = classesOf(all, options.category);
  const tiles = all
    .filter((emoji) => classNames.includes(emoji.category))
    .flatMap((emoji) => tilesOf(emoji, options.skinVariations ?? false));
  const { data, info } = await decodeSheet(sheet.path);
  return {
    count: tiles.length,
    labelling: {
      labels: Int32Array.from(tiles, ({ category }) => classNames.indexOf(category)),
      ...{ classNames, isText: false },
    },
    licence: LICENCE,
    read: async (index) => ({
      kind: 'pixels',
      width: sheet.tile,
      height: sheet.tile,
      channels: 4,
      data: cut(data, info.width, sheet.tile, tiles[index]!.at),
    }),
    place: (index) => `${sheet.path} emoji ${tiles[index]!.at.unified}`,
    close: async () => {},
  };
}

/** @throws DDPM_ERR_DATA_CATEGORY listing the categories there are */
function classesOf(all: readonly Emoji[], category: string): string[] {
  const names = [...new Set(all.map((emoji) => emoji.category))].sort();
  if (category === '') return names;
  if (names.includes(category)) return [category];
  throw fleetError('DDPM_ERR_DATA_CATEGORY', { category: `'${category}'`, categories: names.join(', ') });
}

function tilesOf(emoji: Emoji, skinVariations: boolean): { category: string; at: EmojiTile }[] {
  const tiles = [emoji, ...(skinVariations ? Object.values(emoji.skin_variations ?? {}) : [])];
  return tiles.filter((at) => at.has_img_google).map((at) => ({ category: emoji.category, at }));
}

async function decodeSheet(path: string) {
  try {
    return await sharp(path).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  } catch (cause) {
    throw fleetError('DDPM_ERR_DATA_IMAGE', { place: path, reason: (cause as Error).message }, { cause });
  }
}

function cut(sheet: Uint8Array, sheetWidth: number, tile: number, at: EmojiTile): Uint8Array {
  const out = new Uint8Array(tile * tile * 4);
  const left = at.sheet_x * (tile + 2) + 1;
  const top = at.sheet_y * (tile + 2) + 1;
  for (let row = 0; row < tile; row++) {
    const start = ((top + row) * sheetWidth + left) * 4;
    out.set(sheet.subarray(start, start + tile * 4), row * tile * 4);
  }
  return out;
}
