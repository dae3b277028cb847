import type { FileMetaData } from 'hyparquet';
import test from 'ava';
import { rowGroupsOf } from '../../../src/readers/parquet/rowGroups.js';

const chunk = (bytes: number, hasIndex: boolean) => ({
  meta_data: { path_in_schema: ['image', 'bytes'], total_compressed_size: BigInt(bytes) },
  ...(hasIndex && { offset_index_offset: 4n, offset_index_length: 9 }),
});
const file = (...groups: [rows: number, bytes: number, hasIndex: boolean][]) => ({
  metadata: {
    row_groups: groups.map(([rows, bytes, hasIndex]) => ({
      ...{ num_rows: BigInt(rows), columns: [chunk(bytes, hasIndex)] },
    })),
  } as unknown as FileMetaData,
});

test('a large row group with an index of its pages is cut into runs; others stay whole', (t) => {
  const files = [file([5, 10, true], [7, 30, true], [6, 30, false]), file([2, 10, true])];
  const runs = (column?: string) =>
    rowGroupsOf(files, column, 10).map(({ file: k, rowStart, rows }) => [k, rowStart, rows]);
  t.deepEqual(runs('image'), [
    ...[[0, 0, 5], [0, 5, 3], [0, 8, 3], [0, 11, 1]],
    ...[[0, 12, 6], [1, 0, 2]],
  ]); // prettier-ignore
  t.deepEqual(runs(), [[0, 0, 5], [0, 5, 7], [0, 12, 6], [1, 0, 2]]); // prettier-ignore
});
