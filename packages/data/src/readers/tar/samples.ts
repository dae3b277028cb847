import { fleetError } from '@ddpm-fleet/core';
import { isLabel, MAX_CLASSES } from '../../reader.js';
import { tarMembers, type TarMember } from './members.js';
import type { WindowedFile } from './windowedFile.js';

/** Consecutive members of a shard that share a name up to its first dot: one WebDataset sample. */
export interface TarSample {
  readonly key: string;
  /** Its first member. */
  readonly first: TarMember;
  /** Absent where the sample has none. */
  readonly image?: TarMember;
  readonly label?: number;
}

const IMAGE = /^(png|jpg|jpeg|webp)$/i;
const LABEL_FIELDS = ['label', 'cls', 'class', 'class_id'];

/** @throws DDPM_ERR_DATA_FORMAT when a label is no whole number */
export async function* tarSamples(file: WindowedFile): AsyncGenerator<TarSample> {
  let sample: { key: string; first: TarMember; image?: TarMember; label?: number } | undefined;
  for await (const member of tarMembers(file)) {
    const { key, extension } = splitName(member.name);
    if (key === undefined) continue;
    if (sample?.key !== key) {
      if (sample) yield sample;
      sample = { key, first: member };
    }
    if (IMAGE.test(extension)) sample.image = member;
    else if (extension === 'cls') sample.label = await readClass(file, member);
    else if (extension === 'json') {
      const label = await readJsonLabel(file, member);
      if (label !== undefined) sample.label ??= label;
    }
  }
  if (sample) yield sample;
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

async function readClass(file: WindowedFile, member: TarMember): Promise<number> {
  const text = Buffer.from(await file.read(member.offset, member.size))
    .toString('utf8')
    .trim();
  return asLabel(/^\d+$/.test(text) ? Number(text) : text, file, member);
}

/** undefined: the document has no field for a label. */
async function readJsonLabel(file: WindowedFile, member: TarMember): Promise<number | undefined> {
  const fields = parseJson(
    Buffer.from(await file.read(member.offset, member.size)).toString('utf8'),
    file,
    member,
  );
  const name = LABEL_FIELDS.find((field) => field in fields);
  return name === undefined ? undefined : asLabel(fields[name], file, member);
}

function parseJson(text: string, file: WindowedFile, member: TarMember): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (cause) {
    throw badMember(file, member, `it is not JSON: ${(cause as Error).message}`);
  }
}

function asLabel(value: unknown, file: WindowedFile, member: TarMember): number {
  if (isLabel(value)) return value;
  throw badMember(
    file,
    member,
    `its label is ${JSON.stringify(value)}, not a whole number from 0 to ${MAX_CLASSES - 1}`,
  );
}

function badMember({ path }: WindowedFile, { name }: TarMember, detail: string): Error {
  return fleetError('DDPM_ERR_DATA_FORMAT', {
    file: `${path}: ${name}`,
    format: 'the label of a sample',
    detail,
  });
}
