import type { NoteList } from '@ddpm-fleet/core';
import { isDecoded } from '../../image/endings.js';
import { tarMembers, type TarMember } from './members.js';
import type { WindowedFile } from './windowedFile.js';

/** Consecutive members of a shard that share a name up to its first dot: one WebDataset sample. */
export interface TarSample {
  readonly key: string;
  /** Its first member. */
  readonly first: TarMember;
  /** Absent where the sample has none. */
  readonly image?: TarMember;
  /** As the sample says it; undefined: it says none. */
  readonly label: unknown;
}

const LABEL_FIELDS = ['label', 'cls', 'class', 'class_id'];
/** A class is a number or a name; what is longer is something else. */
const MOST_LABEL_BYTES = 1024;

/** A label that cannot be read, whatever it is. */
const UNREADABLE = {};

/** @param notes counts what the shard holds and samples do not */
export async function* tarSamples(file: WindowedFile, notes: NoteList): AsyncGenerator<TarSample> {
  let sample: { key: string; first: TarMember; image?: TarMember; label: unknown } | undefined;
  const members = tarMembers(file);
  for (let next = await members.next(); ; next = await members.next()) {
    if (next.done) {
      if (sample) yield sample;
      if (next.value.isOpen) notes.count('DDPM_NOTE_DATA_TAR_OPEN', { place: file.path });
      if (next.value.behind > 0)
        notes.add('DDPM_NOTE_DATA_TAR_BEHIND', { place: file.path, members: next.value.behind });
      return;
    }
    const member = next.value;
    const { key, extension } = splitName(member.name);
    if (key === undefined) continue;
    if (sample?.key !== key) {
      if (sample) yield sample;
      sample = { key, first: member, label: undefined };
    }
    if (isDecoded(`x.${extension}`) && !extension.includes('.')) {
      if (sample.image) notes.count('DDPM_NOTE_DATA_TAR_SECOND', { place: `${file.path}: ${member.name}` });
      sample.image ??= member;
    } else if (extension === 'cls') sample.label = await readClass(file, member);
    else if (extension === 'json') sample.label ??= await readJsonLabel(file, member);
  }
}

/** Names of labels in a shard of another split. */
export async function* tarLabels(file: WindowedFile): AsyncGenerator<unknown> {
  for await (const member of tarMembers(file)) {
    const { extension } = splitName(member.name);
    if (extension === 'cls') yield await readClass(file, member);
    if (extension === 'json') yield await readJsonLabel(file, member);
  }
}

/** Hidden files (as some systems add to archives) belong to no sample. */
function splitName(name: string): { key?: string; extension: string } {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const dot = base.indexOf('.');
  if (dot <= 0) return { extension: '' };
  return {
    key: name.slice(0, name.length - base.length + dot),
    extension: base.slice(dot + 1).toLowerCase(),
  };
}

async function readClass(file: WindowedFile, member: TarMember): Promise<unknown> {
  if (member.size > MOST_LABEL_BYTES || member.link !== undefined) return UNREADABLE;
  return Buffer.from(await file.read(member.offset, member.size)).toString('utf8');
}

/** undefined: the document has no field for a label. */
async function readJsonLabel(file: WindowedFile, member: TarMember): Promise<unknown> {
  if (member.link !== undefined) return UNREADABLE;
  const text = Buffer.from(await file.read(member.offset, member.size)).toString('utf8');
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    const field = LABEL_FIELDS.find((name) => typeof value === 'object' && value?.[name] !== undefined);
    return field && value![field];
  } catch {
    return UNREADABLE;
  }
}
