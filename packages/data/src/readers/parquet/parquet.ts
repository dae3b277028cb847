import { basename } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { parquetMetadataAsync } from 'hyparquet';
import { OpenFiles } from '../../openFiles.js';
import { isLabel, numberedClasses, type ImageReader, type Source, type SourceFile } from '../../reader.js';
import { statAll, type Storage } from '../../storage/storage.js';
import { findColumns, type ImageColumns } from './columns.js';
import { ColumnCache, readColumn, rowGroupsOf, type ParquetFile, type RowGroup } from './rowGroups.js';

/**
 * Parquet files as Hugging Face datasets publishes them: a column of images (their PNG, JPEG or WebP bytes) and,
 * where there is one, a column of class numbers. Files in byte order of their names, rows in file order.
 * @param path a directory (or the one above `data/`) or one file; where names begin with `train-` and `test-`, only
 *   those of the split are taken
 */
export async function locateParquet(
  storage: Storage,
  path: string,
  split: 'train' | 'test',
): Promise<Source> {
  const paths = (await storage.isDirectory(path)) ? await findFiles(storage, path, split) : [path];
  const files = await statAll(storage, paths);
  return { name: basename(path).replace(/\.parquet$/, ''), files, open: () => openParquet(storage, files) };
}

async function openParquet(storage: Storage, sources: readonly SourceFile[]): Promise<ImageReader> {
  const open = new OpenFiles(storage);
  try {
    const files: ParquetFile[] = [];
    for (const source of sources) files.push(await openFooter(open, source));
    const columns = findColumns(files[0]!.path, files[0]!.metadata);
    const groups = rowGroupsOf(files);
    if (groups.length === 0)
      throw fleetError('DDPM_ERR_DATA_EMPTY', { path: files[0]!.path, what: 'at least one row' });
    const labels = await readLabels(files, groups, columns);
    return readerOf(open, files, groups, columns, labels);
  } catch (error) {
    await open.close();
    throw error;
  }
}

function readerOf(
  open: OpenFiles,
  files: readonly ParquetFile[],
  groups: readonly RowGroup[],
  { image, classNames }: ImageColumns,
  labels: Int32Array | undefined,
): ImageReader {
  const starts = startsOf(groups);
  const numbered = numberedClasses(labels);
  const cache = new ColumnCache(files, image);
  return {
    count: starts.at(-1)!,
    ...(labels && { labels }),
    classNames: numbered.length > classNames.length ? numbered : classNames,
    read: async (index) => {
      const at = groupAt(starts, index);
      const cells = await cache.cells(groups[at]!);
      return { kind: 'encoded', bytes: bytesOfCell(cells[index - starts[at]!]) };
    },
    place: (index) => {
      const at = groupAt(starts, index);
      return `${files[groups[at]!.file]!.path} row ${groups[at]!.rowStart + index - starts[at]!}`;
    },
    close: async () => {
      cache.clear();
      await open.close();
    },
  };
}

/** @throws DDPM_ERR_DATA_FORMAT, DDPM_ERR_DATA_MISSING */
async function openFooter(open: OpenFiles, source: SourceFile): Promise<ParquetFile> {
  const { path, sizeBytes } = source;
  const slice = async (start: number, end = sizeBytes) => {
    const from = start < 0 ? sizeBytes + start : start;
    return (await open.read(source, from, end - from)).buffer as ArrayBuffer;
  };
  const buffer = { byteLength: sizeBytes, slice };
  try {
    return { path, buffer, metadata: await parquetMetadataAsync(buffer) };
  } catch (cause) {
    throw notParquet(path, cause);
  }
}

function notParquet(file: string, cause: unknown): Error {
  const detail = (cause as Error).message;
  return fleetError('DDPM_ERR_DATA_FORMAT', { file, format: 'a readable parquet file', detail }, { cause });
}

async function readLabels(
  files: readonly ParquetFile[],
  groups: readonly RowGroup[],
  { label }: ImageColumns,
): Promise<Int32Array | undefined> {
  if (label === undefined) return undefined;
  const labels: number[] = [];
  for (const group of groups) {
    const file = files[group.file]!;
    const cells = await readColumn(file, group, label).catch((cause: unknown) => {
      throw notParquet(file.path, cause);
    });
    for (const cell of cells) labels.push(Number(cell ?? -1));
  }
  const wrong = labels.findIndex((value) => !isLabel(value));
  if (wrong < 0) return Int32Array.from(labels);
  const detail = `row ${wrong} has no class number in column ${label}`;
  throw fleetError('DDPM_ERR_DATA_FORMAT', {
    file: files[0]!.path,
    format: 'a labelled parquet file',
    detail,
  });
}

function bytesOfCell(cell: unknown): Uint8Array {
  const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | undefined)?.bytes;
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  throw new Error('the row has no image bytes');
}

/** Number of the first image of each group, and the number of all. */
function startsOf(groups: readonly RowGroup[]): number[] {
  const starts = [0];
  for (const { rows } of groups) starts.push(starts.at(-1)! + rows);
  return starts;
}

/** The group that holds image `index`: the last that starts at or before it. */
function groupAt(starts: readonly number[], index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle;
  }
  return low;
}

async function findFiles(storage: Storage, path: string, split: 'train' | 'test'): Promise<string[]> {
  const below = storage.join(path, 'data');
  const inside = (await storage.list(path)).includes('data') && (await storage.isDirectory(below));
  const directory = inside ? below : path;
  const names = (await storage.list(directory)).filter((name) => name.endsWith('.parquet'));
  const ofSplit = names.filter((name) => name.startsWith(`${split}-`));
  const hasSplits = names.some((name) => /^(train|test)-/.test(name));
  const chosen = hasSplits ? ofSplit : names;
  if (chosen.length > 0) return chosen.map((name) => storage.join(directory, name));
  const what = hasSplits ? `a .parquet file whose name begins with ${split}-` : 'a .parquet file';
  throw fleetError('DDPM_ERR_DATA_EMPTY', { path: directory, what });
}
