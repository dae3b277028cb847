import type { AsyncBuffer, ColumnMetaData } from 'hyparquet';
import { ThriftEnd, ThriftReader, type ThriftStruct } from './thrift.js';

/** Most headers of pages take less; statistics can make them longer. */
const HEADER_BYTES = 1 << 10;
const LONGEST_HEADER = 1 << 20;

/** Numbers of the fields of a PageHeader, and of what is in them (parquet.thrift). */
const Field = { type: 1, compressedSize: 3, dataV1: 5, dataV2: 8, values: 1, rowsV2: 3 } as const;
const DICTIONARY = 2;

export interface PageLocation {
  readonly offset: bigint;
  /** With its header. */
  readonly compressed_page_size: number;
  readonly first_row_index: bigint;
}

/**
 * Where the pages of a column lie: what an offset index says, for files without one. Reads the headers of the pages alone.
 * @param rows of the row group
 * @returns undefined where values are not one a row
 * @throws Error for what are no pages
 */
export async function findPages(
  file: AsyncBuffer,
  column: ColumnMetaData,
  rows: number,
): Promise<PageLocation[] | undefined> {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = start + Number(column.total_compressed_size);
  const pages: PageLocation[] = [];
  let row = 0;
  for (let offset = start; offset < end;) {
    const { header, length } = await readHeader(file, offset, end);
    const compressed = header.get(Field.compressedSize);
    if (typeof compressed !== 'number' || compressed < 0) throw new Error('a page has no size');
    const size = length + compressed;
    if (header.get(Field.type) !== DICTIONARY) {
      const location = { offset: BigInt(offset), compressed_page_size: size };
      pages.push({ ...location, first_row_index: BigInt(row) });
      row += rowsOf(header);
    }
    offset += size;
  }
  return row === rows ? pages : undefined;
}

async function readHeader(
  file: AsyncBuffer,
  offset: number,
  end: number,
): Promise<{ header: ThriftStruct; length: number }> {
  for (let bytes = HEADER_BYTES; ; bytes *= 8) {
    const reader = new ThriftReader(new Uint8Array(await file.slice(offset, Math.min(end, offset + bytes))));
    try {
      return { header: reader.struct(), length: reader.offset };
    } catch (error) {
      if (!(error instanceof ThriftEnd) || offset + bytes >= end || bytes >= LONGEST_HEADER) throw error;
    }
  }
}

/** In a column of single values, each value is of one row. */
function rowsOf(header: ThriftStruct): number {
  const [v1, v2] = [header.get(Field.dataV1), header.get(Field.dataV2)];
  const rows = v1 instanceof Map ? v1.get(Field.values) : v2 instanceof Map ? v2.get(Field.rowsV2) : 0;
  return typeof rows === 'number' ? rows : 0;
}
