import { basename } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { isDecoded } from '../image/endings.js';
import { OpenFiles } from '../openFiles.js';
import type { ImageReader, Source, SourceFile } from '../reader.js';
import { statAll, type Storage } from '../storage/storage.js';
import { findArchives, namedArchives, type Archives } from './archives.js';
import { parseHeader } from './tar/header.js';
import { scanShards } from './tar/scan.js';
import { decodeShardIndex, encodeShardIndex } from './tar/shardIndex.js';

const HEADER_BYTES = 512;

/**
 * WebDataset: tar shards in which consecutive members of one name make a sample (an image, and its class in .cls or
 * .json). The shards are scanned once for offsets; after that every image is one read, in any order.
 * @param path a directory of .tar files (to any depth, in byte order of their paths; those of the split where names tell
 *   of splits), one .tar file, or a pattern such as data/shard-{0000..0099}.tar
 */
export async function locateWebdataset(storage: Storage, path: string, split: string): Promise<Source> {
  const { files, elsewhere, splits, notes } = await findShards(storage, path, split);
  const name = basename(path).replace(/[{.].*$/, '') || 'shards';
  // Text in other splits may name classes; their shards are read for it only then.
  const context = JSON.stringify(elsewhere);
  return {
    ...{ name, files, notes, context, open: (index) => openWebdataset(storage, files, elsewhere, index) },
    ...(splits && { splits }),
  };
}

async function openWebdataset(
  storage: Storage,
  files: readonly SourceFile[],
  elsewhere: readonly SourceFile[],
  known?: Uint8Array,
): Promise<ImageReader> {
  const scan = known ? undefined : await scanShards(storage, files, elsewhere);
  const index = scan?.index ?? decodeShardIndex(known!);
  const open = new OpenFiles(storage);
  const shardOf = (i: number) => files[index.shard[i]!]!;
  return {
    count: index.offset.length,
    ...(scan && { labelling: scan.labelling, notes: scan.notes }),
    get index() {
      return encodeShardIndex(index);
    },
    read: async (i) => {
      if (index.size[i] === 0) throw new Error(await whyNoImage(open, shardOf(i), index.offset[i]!));
      return { kind: 'encoded', bytes: await open.read(shardOf(i), index.offset[i]!, index.size[i]!) };
    },
    place: async (i) => `${shardOf(i).path}: ${await memberName(open, shardOf(i), index.offset[i]!)}`,
    close: () => open.close(),
  };
}

/** Said of the member whose contents would begin at `offset`. */
async function whyNoImage(open: OpenFiles, shard: SourceFile, offset: number): Promise<string> {
  const block = await open.read(shard, offset - HEADER_BYTES, HEADER_BYTES);
  const header = parseHeader(block);
  if (typeof header === 'object' && isDecoded(header.name)) {
    if (header.link) return `it is a link to ${header.link}, which is no image in this shard`;
    return 'it is empty, sparse, or goes on in another archive';
  }
  return (
    'no image follows it or comes before it under the same name; the members of a sample stand together in a shard ' +
    'and share their name up to its first dot (tar --sort=name writes them so)'
  );
}

/** The name that the header before the bytes gives; it may be cut where it is longer than 256 characters. */
async function memberName(open: OpenFiles, shard: SourceFile, offset: number): Promise<string> {
  const block = await open.read(shard, offset - HEADER_BYTES, HEADER_BYTES).catch(() => undefined);
  const header = block && parseHeader(block);
  return typeof header === 'object' ? header.name : `the member at byte ${offset}`;
}

async function findShards(storage: Storage, path: string, split: string): Promise<Archives> {
  const pattern = expandBraces(path);
  if (pattern?.length === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path, what: 'a range that goes upwards' });
  if (!pattern && (await storage.isDirectory(path))) return findArchives(storage, path, '.tar', split);
  return namedArchives(path, await statAll(storage, pattern ?? [path]), split);
}

/** shard-{008..010}.tar: the numbers as they are written, zeros in front kept. undefined: there is no such range. */
export function expandBraces(pattern: string): string[] | undefined {
  const [, before, first, last, after] = /^(.*?)\{(\d+)\.\.(\d+)\}(.*)$/s.exec(pattern) ?? [];
  if (first === undefined) return undefined;
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    const name = `${before}${String(Number(first) + i).padStart(first.length, '0')}${after}`;
    return expandBraces(name) ?? [name];
  }).flat();
}
