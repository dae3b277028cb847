import { fleetError } from '@ddpm-fleet/core';
import { truncated } from '../../storage/errors.js';
import { paxPath, paxSize, parseHeader, type TarHeader } from './header.js';
import type { WindowedFile } from './windowedFile.js';

/** A regular file in a tar archive. */
export interface TarMember {
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;

/**
 * The regular files of an archive in order, without reading their contents: ustar, GNU (long names, large sizes) and
 * pax. Formats: POSIX.1-2017 pax, and the GNU tar manual, "Basic Tar Format".
 * @throws DDPM_ERR_DATA_FORMAT, DDPM_ERR_DATA_TRUNCATED also when the end-of-archive block is missing
 */
export async function* tarMembers(file: WindowedFile): AsyncGenerator<TarMember> {
  let name: string | undefined;
  let size: number | undefined;
  for (let at = 0; ;) {
    if (at + BLOCK > file.sizeBytes) throw truncated(file.path, at + 2 * BLOCK, file.sizeBytes);
    const header = parseHeader(await file.read(at, BLOCK));
    if (header === 'end') return;
    if (header === 'damaged') throw damaged(file.path, at);
    const length = isExtension(header) ? header.size : (size ?? header.size);
    const data = at + BLOCK;
    at = data + Math.ceil(length / BLOCK) * BLOCK;
    if (data + length > file.sizeBytes) throw truncated(file.path, at + BLOCK, file.sizeBytes);
    if (isExtension(header)) {
      const body = await file.read(data, length);
      if (header.type === 'L') name = Buffer.from(body).toString('utf8').replace(/\0.*$/s, '');
      if (header.type === 'x') {
        name = paxPath(body) ?? name;
        size = paxSize(body) ?? size;
      }
      continue;
    }
    if (header.type === '0' || header.type === '7')
      yield { name: name ?? header.name, offset: data, size: length };
    name = size = undefined;
  }
}

/** Entries that describe the next one: pax (x, g) and GNU long names and links (L, K). */
function isExtension({ type }: TarHeader): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K';
}

function damaged(file: string, offset: number): Error {
  const detail = `the block at byte ${offset} is no tar header (its checksum is wrong)`;
  return fleetError('DDPM_ERR_DATA_FORMAT', { file, format: 'a tar archive', detail });
}
