import { parquetMetadataAsync, type ColumnMetaData, type FileMetaData } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import test from 'ava';
import { findPages } from '../../../src/readers/parquet/pages.js';
import { ColumnCache, rowGroupsOf } from '../../../src/readers/parquet/rowGroups.js';

const chunk = (bytes: number) => ({
  meta_data: { path_in_schema: ['image', 'bytes'], total_compressed_size: BigInt(bytes) },
});
const file = (...groups: [rows: number, bytes: number][]) => ({
  metadata: {
    row_groups: groups.map(([rows, bytes]) => ({
      ...{ num_rows: BigInt(rows), columns: [chunk(bytes)] },
    })),
  } as unknown as FileMetaData,
});

test('a large row group is cut into runs; others stay whole', (t) => {
  const files = [file([5, 10], [7, 30]), file([2, 10])];
  const runs = (column?: string) =>
    rowGroupsOf(files, column, 10).map((run) => [run.file, run.group, run.rowStart, run.rows]);
  t.deepEqual(runs('image'), [
    ...[[0, 0, 0, 5], [0, 1, 5, 3], [0, 1, 8, 3], [0, 1, 11, 1]],
    ...[[1, 0, 0, 2]],
  ]); // prettier-ignore
  t.deepEqual(runs(), [[0, 0, 0, 5], [0, 1, 5, 7], [1, 0, 0, 2]]); // prettier-ignore
});

const ROWS = 600;
const cells = Array.from({ length: ROWS }, (_, i) => Buffer.alloc(1000 + (i % 7), i % 40));

/** A file of two row groups with many pages, that counts what is read of it. */
async function written(options: object) {
  const bytes = parquetWriteBuffer({
    columnData: [{ name: 'image', data: cells, type: 'BYTE_ARRAY', ...options }],
    ...{ rowGroupSize: ROWS / 2, pageSize: 8000, codec: 'UNCOMPRESSED', ...options },
  });
  const counted = { bytes: 0 };
  const slice = (start: number, end = bytes.byteLength) => {
    counted.bytes += end - start;
    return bytes.slice(start, end);
  };
  const buffer = { byteLength: bytes.byteLength, slice };
  return { path: 'x', buffer, metadata: await parquetMetadataAsync(buffer), counted };
}

for (const [what, options, share] of [
  ['an index of its pages', { offsetIndex: true }, 0.2],
  ['no index', { offsetIndex: false }, 0.35],
  ['no index, and a dictionary', { offsetIndex: false, encoding: 'RLE_DICTIONARY' }, 1],
] as const) {
  test(`a run reads the pages that it lies in, of a file with ${what}`, async (t) => {
    const source = await written(options);
    const cache = new ColumnCache([source], 'image');
    const runs = rowGroupsOf([source], 'image', 50_000);
    t.true(runs.length >= (share < 1 ? 10 : 2), `${runs.length}`);
    for (const run of runs) {
      const got = (await cache.cells(run)) as Uint8Array[];
      const want = cells.slice(run.rowStart, run.rowStart + run.rows);
      t.true(
        Buffer.concat(got).equals(Buffer.concat(want)),
        `rows ${run.rowStart} to ${run.rowStart + run.rows}`,
      );
    }
    const one = new ColumnCache([source], 'image');
    source.counted.bytes = 0;
    await one.cells(runs[3] ?? runs[0]!);
    t.true(source.counted.bytes < share * source.buffer.byteLength, `${source.counted.bytes}`);
  });
}

test('headers of pages longer than the window are read whole, and what is no header is named', async (t) => {
  // i32 1: 0, i32 2: 0, i32 3: 5, struct 5 { i32 1: 9, struct 5 { binary 1 of 3000 bytes } }
  const text = Buffer.alloc(3000, 7);
  const head = Buffer.from([0x15, 0, 0x15, 0, 0x15, 10, 0x2c, 0x15, 18, 0x4c, 0x18, 0xb8, 0x17]);
  const page = Buffer.concat([head, text, Buffer.from([0, 0, 0]), Buffer.alloc(5)]);
  const column = (bytes: number) =>
    ({ data_page_offset: 0n, total_compressed_size: BigInt(bytes) }) as unknown as ColumnMetaData;
  const bufferOf = (bytes: Buffer) => ({
    byteLength: bytes.length,
    slice: (start: number, end?: number) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  });
  const twice = Buffer.concat([page, page]);
  t.deepEqual(await findPages(bufferOf(twice), column(twice.length), 18), [
    { offset: 0n, compressed_page_size: page.length, first_row_index: 0n },
    { offset: BigInt(page.length), compressed_page_size: page.length, first_row_index: 9n },
  ]);
  t.is(await findPages(bufferOf(twice), column(twice.length), 17), undefined, 'not one value a row');
  await t.throwsAsync(findPages(bufferOf(page.subarray(0, 100)), column(100), 9), { message: /ends early/ });
  await t.throwsAsync(findPages(bufferOf(Buffer.from([0x1d, 0])), column(2), 9), {
    message: /no Thrift type 13/,
  });
});
