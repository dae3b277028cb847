import { textOfName } from '../../storage/pathBytes.js';

/** What a 512-byte tar header says of the entry that follows it. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** Of hard (type '1') and symbolic links ('2'): the name that they lead to. */
  readonly link: string;
  /** GNU sparse files: more blocks of their map lie before the contents. */
  readonly mapGoesOn: boolean;
  /** '0' regular file (also '\0' of old archives), '5' directory, 'x' and 'g' pax, 'L' GNU long name ... */
  readonly type: string;
}

const CHECKSUM = { start: 148, end: 156 };

/** 'end': the block of zeros that ends an archive. 'damaged': the checksum does not fit. */
export function parseHeader(block: Uint8Array): TarHeader | 'end' | 'damaged' {
  if (block.every((byte) => byte === 0)) return 'end';
  const sum = block.reduce(
    (total, byte, i) => total + (i >= CHECKSUM.start && i < CHECKSUM.end ? 32 : byte),
    0,
  );
  if (parseInt(text(block, CHECKSUM.start, 8), 8) !== sum) return 'damaged';
  const prefix = text(block, 257, 6) === 'ustar' && block[262] === 0 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: number(block, 124, 12),
    link: text(block, 157, 100),
    mapGoesOn: type === 'S' && block[482] === 1,
    type,
  };
}

/**
 * The records of a pax extended header: `length key=value\n`, the length in bytes and counting itself. Of a key that
 * comes twice the last counts.
 */
export function paxRecords(body: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(32, at);
    const length = Number(Buffer.from(body.subarray(at, space)).toString('latin1'));
    if (space < 0 || !(length > 0)) break;
    const record = Buffer.from(body.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.toString('utf8', 0, equals), textOfName(record.subarray(equals + 1)));
    at += length;
  }
  return records;
}

function text(block: Uint8Array, start: number, length: number): string {
  const field = Buffer.from(block.subarray(start, start + length));
  const end = field.indexOf(0);
  return textOfName(field.subarray(0, end < 0 ? length : end));
}

/** Octal digits, or base 256 when the first bit is set (GNU, for sizes from 8 GiB on). */
function number(block: Uint8Array, start: number, length: number): number {
  if (!(block[start]! & 0x80)) return parseInt(text(block, start, length).trim() || '0', 8);
  let value = block[start]! & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + block[start + i]!;
  return value;
}
