import { parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { findPages, type PageLocation } from './pages.js';

/** A run of rows that is read together: a row group, or some pages of one. */
export interface RowGroup {
  /** Number of the file. */
  readonly file: number;
  /** Number of the row group in it. */
  readonly group: number;
  /** First row in the file. */
  readonly rowStart: number;
  readonly rows: number;
}

export interface ParquetFile {
  readonly path: string;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/** Of a run of rows, compressed. */
const MOST_BYTES = 32 << 20;

/** Groups kept decoded: enough for reading on in order while late images of the one before are under way. */
const KEPT_GROUPS = 3;

/**
 * Row groups in order. One whose column is large is cut into runs of rows of about `mostBytes`: a run reads only the pages
 * that it lies in.
 * @param column to be read; absent: groups stay whole
 */
export function rowGroupsOf(
  files: readonly Pick<ParquetFile, 'metadata'>[],
  column?: string,
  mostBytes = MOST_BYTES,
): RowGroup[] {
  return files.flatMap(({ metadata }, file) => {
    let rowStart = 0;
    return metadata.row_groups.flatMap((rowGroup, group) => {
      const all = Number(rowGroup.num_rows);
      const runs = column === undefined ? 1 : runsOf(rowGroup, column, mostBytes);
      const rows = Math.max(1, Math.ceil(all / runs));
      const starts = Array.from({ length: Math.ceil(all / rows) }, (_, i) => i * rows);
      const cut = starts.map((at) => ({
        ...{ file, group, rowStart: rowStart + at },
        rows: Math.min(rows, all - at),
      }));
      rowStart += all;
      return cut;
    });
  });
}

type Chunk = FileMetaData['row_groups'][number]['columns'][number];

/** Of the column, and of what it is made of where it is a struct. */
function chunksOf({ columns }: FileMetaData['row_groups'][number], column: string): Chunk[] {
  return columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === column);
}

function runsOf(rowGroup: FileMetaData['row_groups'][number], column: string, mostBytes: number): number {
  const chunks = chunksOf(rowGroup, column);
  const bytes = chunks.reduce((sum, { meta_data }) => sum + Number(meta_data!.total_compressed_size), 0);
  return Math.max(1, Math.ceil(bytes / mostBytes));
}

/** The cells of one column, a row group at a time, the most recently used groups kept. */
export class ColumnCache {
  readonly #files: readonly ParquetFile[];
  readonly #column: string;
  readonly #kept = new Map<RowGroup, Promise<unknown[]>>();
  /** By file and row group. */
  readonly #pages = new Map<string, Promise<Pages>>();

  constructor(files: readonly ParquetFile[], column: string) {
    this.#files = files;
    this.#column = column;
  }

  async cells(group: RowGroup): Promise<unknown[]> {
    const cells = this.#kept.get(group) ?? this.#read(group);
    this.#kept.delete(group);
    this.#kept.set(group, cells);
    if (this.#kept.size > KEPT_GROUPS) this.#kept.delete(this.#kept.keys().next().value!);
    return cells;
  }

  async #read(run: RowGroup): Promise<unknown[]> {
    const file = this.#files[run.file]!;
    const isWhole = Number(file.metadata.row_groups[run.group]!.num_rows) === run.rows;
    return readColumn(file, run, this.#column, isWhole ? {} : await this.#pagesOf(file, run));
  }

  #pagesOf(file: ParquetFile, { file: k, group }: RowGroup): Promise<Pages> {
    const key = `${k} ${group}`;
    const pages = this.#pages.get(key) ?? pagesOf(file, group, this.#column);
    this.#pages.set(key, pages);
    return pages;
  }

  clear(): void {
    this.#kept.clear();
    this.#pages.clear();
  }
}

/** Where pages lie that no index in the file tells, by the path of their chunk. */
type Pages = Readonly<Record<string, PageLocation[]>>;

async function pagesOf({ buffer, metadata }: ParquetFile, group: number, column: string): Promise<Pages> {
  const rowGroup = metadata.row_groups[group]!;
  const bare = chunksOf(rowGroup, column).filter(({ offset_index_offset }) => !offset_index_offset);
  const found = bare.map(async ({ meta_data }) => {
    const pages = await findPages(buffer, meta_data!, Number(rowGroup.num_rows));
    return pages ? [[meta_data!.path_in_schema.join('.'), pages] as const] : [];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** Byte arrays come as bytes; whole numbers of 64 bits as bigint. */
export async function readColumn(
  { buffer, metadata }: ParquetFile,
  { group, rowStart, rows }: RowGroup,
  column: string,
  pages: Pages = {},
): Promise<unknown[]> {
  const range = { rowStart, rowEnd: rowStart + rows, columns: [column] };
  const pageLocationsByGroup = metadata.row_groups.map((_, i) => (i === group ? pages : {}));
  const source = { file: buffer, metadata, compressors, utf8: false, useOffsetIndex: true };
  const objects = await parquetReadObjects({ ...source, ...range, ...{ pageLocationsByGroup } });
  return objects.map((row) => row[column] as unknown);
}
