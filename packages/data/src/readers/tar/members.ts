import { fleetError } from '@ddpm-fleet/core';
import { textOfName } from '../../storage/pathBytes.js';
import { truncated } from '../../storage/errors.js';
import { parseHeader, paxRecords, type TarHeader } from './header.js';
import type { WindowedFile } from './windowedFile.js';

/** A member of a tar archive that holds, or stands for, the contents of a file. */
export interface TarMember {
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  readonly size: number;
  /** Name in the archive of the member whose contents this one has. */
  readonly link?: string;
  /** Its contents are not kept as they are: a sparse file, or one that goes on in another archive. */
  readonly isPartial: boolean;
}

/** How an archive ends, told after its last member. */
export interface TarEnd {
  /** Without the blocks of zeros that end an archive. */
  readonly isOpen: boolean;
  /** Members behind those blocks, which programs that read tar do not show. */
  readonly behind: number;
}

const BLOCK = 512;

/** First bytes of compressed files. */
const COMPRESSIONS: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58]],
];

/**
 * The files and links of an archive in order, without reading their contents: ustar, GNU (long names, large sizes) and
 * pax. Formats: POSIX.1-2017 pax, and the GNU tar manual, "Basic Tar Format".
 * @throws DDPM_ERR_DATA_FORMAT, DDPM_ERR_DATA_TRUNCATED when it ends inside a member
 */
export async function* tarMembers(file: WindowedFile): AsyncGenerator<TarMember, TarEnd> {
  await assertNotCompressed(file);
  let extension: Extension | undefined;
  for (let at = 0; at < file.sizeBytes || at === 0;) {
    if (at + BLOCK > file.sizeBytes) throw truncated(file.path, at + 2 * BLOCK, file.sizeBytes);
    const header = parseHeader(await file.read(at, BLOCK));
    if (header === 'end') return { isOpen: false, behind: await countBehind(file, at + BLOCK) };
    if (header === 'damaged') throw damaged(file.path, at);
    const isExtension = EXTENSIONS.has(header.type);
    const length = isExtension ? header.size : (extension?.size ?? header.size);
    const data = await endOfMap(file, at + BLOCK, header);
    at = data + Math.ceil(length / BLOCK) * BLOCK;
    if (data + length > file.sizeBytes) throw truncated(file.path, at + BLOCK, file.sizeBytes);
    if (isExtension) {
      extension = extend(extension ?? {}, header.type, await file.read(data, length));
      continue;
    }
    const member = memberOf(header, extension ?? {}, data, length);
    if (member) yield member;
    extension = undefined;
  }
  if (extension) throw truncated(file.path, file.sizeBytes + BLOCK, file.sizeBytes);
  return { isOpen: true, behind: 0 };
}

/** What entries before a member say of it. */
interface Extension {
  readonly name?: string;
  readonly link?: string;
  readonly size?: number;
  readonly isSparse?: boolean;
}

/** pax (x, g) and GNU long names and links (L, K). */
const EXTENSIONS = new Set(['x', 'g', 'L', 'K']);

function extend(known: Extension, type: string, body: Uint8Array): Extension {
  if (type === 'L') return { ...known, name: longName(body) };
  if (type === 'K') return { ...known, link: longName(body) };
  if (type === 'g') return known;
  const records = paxRecords(body);
  const name = records.get('GNU.sparse.name') ?? records.get('path');
  const [link, size] = [records.get('linkpath'), records.get('size')];
  const isSparse = [...records.keys()].some((key) => key.startsWith('GNU.sparse.'));
  return {
    ...known,
    ...(name !== undefined && { name }),
    ...(link !== undefined && { link }),
    ...(size !== undefined && { size: Number(size) }),
    ...(isSparse && { isSparse }),
  };
}

function longName(body: Uint8Array): string {
  const end = body.indexOf(0);
  return textOfName(Buffer.from(body.subarray(0, end < 0 ? body.length : end)));
}

/** undefined: a directory, a device and the like. Types that nobody knows are files (POSIX). */
function memberOf(
  header: TarHeader,
  extension: Extension,
  offset: number,
  size: number,
): TarMember | undefined {
  const name = extension.name ?? header.name;
  const link = extension.link ?? header.link;
  const { type } = header;
  if (type === '1') return { name, offset, size: 0, link, isPartial: false };
  if (type === '2') return { name, offset, size: 0, link: besides(name, link), isPartial: false };
  if ('3456DNV'.includes(type)) return undefined;
  return { name, offset, size, isPartial: type === 'S' || type === 'M' || extension.isSparse === true };
}

/** Where a symbolic link leads, as a name in the archive. */
function besides(name: string, link: string): string {
  const names = name.split('/').slice(0, -1);
  for (const part of link.split('/')) {
    if (part === '..') names.pop();
    else if (part !== '.' && part !== '') names.push(part);
  }
  return names.join('/');
}

async function endOfMap(file: WindowedFile, start: number, { mapGoesOn }: TarHeader): Promise<number> {
  let [at, goesOn] = [start, mapGoesOn];
  for (; goesOn; at += BLOCK) goesOn = (await file.read(at, BLOCK))[504] === 1;
  return at;
}

/** Headers after the end of the archive: another one was appended, or a longer one was overwritten. */
async function countBehind(file: WindowedFile, start: number): Promise<number> {
  let count = 0;
  for (let at = start; at + BLOCK <= file.sizeBytes;) {
    const header = parseHeader(await file.read(at, BLOCK));
    if (header === 'damaged') break;
    if (header !== 'end' && !EXTENSIONS.has(header.type)) count++;
    at += BLOCK + (header === 'end' ? 0 : Math.ceil(header.size / BLOCK) * BLOCK);
  }
  return count;
}

async function assertNotCompressed(file: WindowedFile): Promise<void> {
  const start = await file.read(0, Math.min(4, file.sizeBytes));
  const found = COMPRESSIONS.find(([, magic]) => magic.every((byte, i) => start[i] === byte));
  if (!found) return;
  const detail = `it is compressed with ${found[0]}, and its images can then not be read in any order`;
  throw fleetError('DDPM_ERR_DATA_FORMAT', { file: file.path, format: 'a plain tar archive', detail });
}

function damaged(file: string, offset: number): Error {
  const detail = `the block at byte ${offset} is no tar header (its checksum is wrong)`;
  return fleetError('DDPM_ERR_DATA_FORMAT', { file, format: 'a tar archive', detail });
}
