import { parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** A run of rows that is compressed together: the least that can be read. */
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

/** Groups kept decoded: enough for reading on in order while late images of the one before are under way. */
const KEPT_GROUPS = 3;

export function rowGroupsOf(files: readonly ParquetFile[]): RowGroup[] {
  return files.flatMap(({ metadata }, file) => {
    let rowStart = 0;
    return metadata.row_groups.map(({ num_rows }) => {
      const group = { file, rowStart, rows: Number(num_rows) };
      rowStart += group.rows;
      return group;
    });
  });
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
  const source = { file: file.buffer, metadata: file.metadata, compressors, utf8: false };
  const objects = await parquetReadObjects({ ...source, ...range });
  return objects.map((row) => row[column] as unknown);
}
