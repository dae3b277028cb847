import { fleetError, NoteList, type Note } from '@ddpm-fleet/core';
import { LabelList, type Labelling } from '../../labels.js';
import type { SourceFile } from '../../reader.js';
import type { Storage } from '../../storage/storage.js';
import { tarMembers, type TarMember } from './members.js';
import { tarLabels, tarSamples } from './samples.js';
import { ShardIndexBuilder, type ShardIndex } from './shardIndex.js';
import { WindowedFile } from './windowedFile.js';

/** Links to links end here. */
const MOST_LINKS = 8;

export interface Scan {
  readonly index: ShardIndex;
  readonly labelling: Labelling;
  readonly notes: readonly Note[];
}

/**
 * One pass over the headers of all shards.
 * @param elsewhere shards of other splits, whose names of classes are numbered along
 * @throws DDPM_ERR_DATA_EMPTY, and what the members throw
 */
export async function scanShards(
  storage: Storage,
  files: readonly SourceFile[],
  elsewhere: readonly SourceFile[],
): Promise<Scan> {
  const builder = new ShardIndexBuilder();
  const labels = new LabelList();
  const notes = new NoteList();
  for (const [shard, source] of files.entries()) {
    await withShard(storage, source, (file) => scanShard(file, shard, builder, labels, notes));
  }
  if (builder.count === 0)
    throw fleetError('DDPM_ERR_DATA_EMPTY', { path: files[0]!.path, what: 'a sample with an image' });
  if (labels.build().isText) {
    for (const source of elsewhere) {
      await withShard(storage, source, async (file) => {
        for await (const label of tarLabels(file)) labels.addElsewhere(label);
      });
    }
  }
  return { index: builder.build(), labelling: labels.build(), notes: notes.all };
}

async function scanShard(
  file: WindowedFile,
  shard: number,
  builder: ShardIndexBuilder,
  labels: LabelList,
  notes: NoteList,
): Promise<void> {
  const links = new Map<number, string>();
  for await (const { key, image, first, label } of tarSamples(file, notes)) {
    labels.add(label, () => `${file.path}: ${key}`);
    if (image?.link !== undefined) links.set(builder.count, image.link);
    const isWhole = image && image.link === undefined && !image.isPartial;
    builder.add({ offset: (image ?? first).offset, size: isWhole ? image.size : 0, shard });
  }
  if (links.size === 0) return;
  const members = await wholeMembers(file);
  for (const [index, link] of links) {
    const target = follow(members, link);
    if (target) builder.move(index, target);
  }
}

/** A second pass over the headers of a shard that has links. */
async function wholeMembers(file: WindowedFile): Promise<Map<string, TarMember>> {
  const members = new Map<string, TarMember>();
  for await (const member of tarMembers(file)) if (!member.isPartial) members.set(plain(member.name), member);
  return members;
}

function follow(members: ReadonlyMap<string, TarMember>, link: string): TarMember | undefined {
  let member = members.get(plain(link));
  for (let i = 0; member?.link !== undefined; i++) {
    member = i < MOST_LINKS ? members.get(plain(member.link)) : undefined;
  }
  return member;
}

function plain(name: string): string {
  return name.replace(/^(\.?\/)+/, '');
}

async function withShard(
  storage: Storage,
  source: SourceFile,
  use: (file: WindowedFile) => Promise<void>,
): Promise<void> {
  const file = await WindowedFile.open(storage, source);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
