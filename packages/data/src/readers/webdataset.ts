import { basename } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { OpenFiles } from '../openFiles.js';
import { numberedClasses, type ImageReader, type Source, type SourceFile } from '../reader.js';
import { statAll, type Storage } from '../storage/storage.js';
import { splitDirectory } from './imageFolder.js';
import { parseHeader } from './tar/header.js';
import { tarSamples } from './tar/samples.js';
import { decodeShardIndex, encodeShardIndex, ShardIndexBuilder, type ShardIndex } from './tar/shardIndex.js';
import { WindowedFile } from './tar/windowedFile.js';

const HEADER_BYTES = 512;

/**
 * WebDataset: tar shards in which consecutive members of one name make a sample (an image, and its class in .cls or
 * .json). The shards are scanned once for offsets; after that every image is one read, in any order.
 * @param path a directory of .tar files (taken in byte order of their names; with subdirectories `train` and `test`,
 *   the one of the split), one .tar file, or a pattern such as data/shard-{0000..0099}.tar
 */
export async function locateWebdataset(
  storage: Storage,
  path: string,
  split: 'train' | 'test',
): Promise<Source> {
  const paths = expandBraces(path) ?? (await findShards(storage, path, split));
  if (paths.length === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path, what: 'a range that goes upwards' });
  const files = await statAll(storage, paths);
  const name = basename(path).replace(/[{.].*$/, '') || 'shards';
  return { name, files, open: (index) => openWebdataset(storage, files, index) };
}

async function openWebdataset(
  storage: Storage,
  files: readonly SourceFile[],
  known?: Uint8Array,
): Promise<ImageReader> {
  const index = known ? decodeShardIndex(known) : await scanShards(storage, files);
  const open = new OpenFiles(storage);
  const labels = index.label[0]! >= 0 ? index.label : undefined;
  const shardOf = (i: number) => files[index.shard[i]!]!;
  return {
    count: index.offset.length,
    ...(labels && { labels }),
    classNames: numberedClasses(labels),
    get index() {
      return encodeShardIndex(index);
    },
    read: async (i) => {
      if (index.size[i] === 0) throw new Error('the sample has no .png, .jpg, .jpeg or .webp member');
      return { kind: 'encoded', bytes: await open.read(shardOf(i), index.offset[i]!, index.size[i]!) };
    },
    place: async (i) => `${shardOf(i).path}: ${await memberName(open, shardOf(i), index.offset[i]!)}`,
    close: () => open.close(),
  };
}

/** The name that the header before the bytes gives; it may be cut where it is longer than 256 characters. */
async function memberName(open: OpenFiles, shard: SourceFile, offset: number): Promise<string> {
  const block = await open.read(shard, offset - HEADER_BYTES, HEADER_BYTES).catch(() => undefined);
  const header = block && parseHeader(block);
  return typeof header === 'object' ? header.name : `the member at byte ${offset}`;
}

async function scanShards(storage: Storage, files: readonly SourceFile[]): Promise<ShardIndex> {
  const builder = new ShardIndexBuilder();
  let first: { place: string; labelled: boolean } | undefined;
  for (const [shard, source] of files.entries()) {
    const file = await WindowedFile.open(storage, source);
    try {
      for await (const sample of tarSamples(file)) {
        const at = sample.image ?? { ...sample.first, size: 0 };
        builder.add({ offset: at.offset, size: at.size, shard, label: sample.label ?? -1 });
        const here = { place: `${source.path}: ${sample.key}`, labelled: sample.label !== undefined };
        first ??= here;
        if (here.labelled !== first.labelled) throw labelMissing(first, here);
      }
    } finally {
      await file.close();
    }
  }
  if (!first)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: files[0]!.path, what: 'a sample with an image' });
  return builder.build();
}

function labelMissing(...[a, b]: { place: string; labelled: boolean }[]): Error {
  const [without, other] = a!.labelled ? [b!, a!] : [a!, b!];
  const detail = `it has no label, but ${other.place} has one`;
  return fleetError('DDPM_ERR_DATA_FORMAT', {
    file: without.place,
    format: 'a sample like the others',
    detail,
  });
}

async function findShards(storage: Storage, path: string, split: 'train' | 'test'): Promise<string[]> {
  if (!(await storage.isDirectory(path))) return [path];
  const directory = await splitDirectory(storage, path, split);
  const names = (await storage.list(directory)).filter((name) => name.endsWith('.tar'));
  if (names.length === 0) throw fleetError('DDPM_ERR_DATA_EMPTY', { path: directory, what: 'a .tar file' });
  return names.map((name) => storage.join(directory, name));
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
