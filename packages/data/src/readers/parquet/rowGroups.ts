import { parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** A run of rows that is read together: a row group, or some pages of one. */
export interface RowGroup {
  /** Number of the file. */
  readonly file: number;
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
 * Row groups in order. One whose column is large is cut into runs of rows of about `mostBytes`, where the file has an
 * index of its pages: then a run reads only the pages that it lies in.
 * @param column to be read; absent: groups stay whole
 */
export function rowGroupsOf(
  files: readonly Pick<ParquetFile, 'metadata'>[],
  column?: string,
  mostBytes = MOST_BYTES,
): RowGroup[] {
  return files.flatMap(({ metadata }, file) => {
    let rowStart = 0;
    return metadata.row_groups.flatMap((group) => {
      const all = Number(group.num_rows);
      const runs = column === undefined ? 1 : runsOf(group, column, mostBytes);
      const rows = Math.max(1, Math.ceil(all / runs));
      const starts = Array.from({ length: Math.ceil(all / rows) }, (_, i) => i * rows);
      const cut = starts.map((at) => ({ file, rowStart: rowStart + at, rows: Math.min(rows, all - at) }));
      rowStart += all;
      return cut;
    });
  });
}

function runsOf({ columns }: FileMetaData['row_groups'][number], column: string, mostBytes: number): number {
  const chunks = columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === column);
  if (!chunks.every(({ offset_index_offset }) => offset_index_offset)) return 1;
  const bytes = chunks.reduce((sum, { meta_data }) => sum + Number(meta_data!.total_compressed_size), 0);
  return Math.max(1, Math.ceil(bytes / mostBytes));
}

/** The cells of one column, a row group at a time, the most recently used groups kept. */
export class ColumnCache {
  readonly #files: readonly ParquetFile[];
  readonly #column: string;
  readonly #kept = new Map<RowGroup, Promise<unknown[]>>();

  constructor(files: readonly ParquetFile[], column: string) {
    this.#files = files;
    this.#column = column;
  }

  async cells(group: RowGroup): Promise<unknown[]> {
    const cells = this.#kept.get(group) ?? readColumn(this.#files[group.file]!, group, this.#column);
    this.#kept.delete(group);
    this.#kept.set(group, cells);
    if (this.#kept.size > KEPT_GROUPS) this.#kept.delete(this.#kept.keys().next().value!);
    return cells;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** Byte arrays come as bytes; whole numbers of 64 bits as bigint. */
export async function readColumn(file: ParquetFile, group: RowGroup, column: string): Promise<unknown[]> {
  const { rowStart, rows } = group;
  const range = { rowStart, rowEnd: rowStart + rows, columns: [column] };
  const source = {
    file: file.buffer,
    metadata: file.metadata,
    compressors,
    utf8: false,
    useOffsetIndex: true,
  };
  const objects = await parquetReadObjects({ ...source, ...range });
  return objects.map((row) => row[column] as unknown);
}
