import { basename } from 'node:path';
import { fleetError } from '@ddpm-fleet/core';
import { parquetMetadataAsync } from 'hyparquet';
import { OpenFiles } from '../../openFiles.js';
import { LabelList, type Labelling } from '../../labels.js';
import type { ImageReader, Source, SourceFile } from '../../reader.js';
import { isFiller, splitOfName, wantedSplits } from '../../splits.js';
import type { Storage } from '../../storage/storage.js';
import { findArchives, namedArchives, type Archives } from '../archives.js';
import { findColumns, type ImageColumns } from './columns.js';
import { ColumnCache, readColumn, rowGroupsOf, type ParquetFile, type RowGroup } from './rowGroups.js';

/**
 * Parquet files as Hugging Face datasets publishes them: a column of images (the bytes of encoded pictures) and, where
 * there is one, a column of classes, as numbers or names. Files in byte order of their paths, rows in file order.
 * @param path a directory or one file; where names tell of splits, only those of the split are taken
 */
export async function locateParquet(storage: Storage, path: string, split: string): Promise<Source> {
  const isDirectory = await storage.isDirectory(path);
  const archives = isDirectory
    ? await findArchives(storage, path, '.parquet', split)
    : namedArchives(path, [await storage.stat(path)], split);
  const { files, elsewhere, splits, notes } = archives;
  if (isDirectory) assertOneSet(storage, path, archives, split);
  const context = JSON.stringify(elsewhere);
  const open = () => openParquet(storage, files, elsewhere);
  return {
    ...{ name: basename(path).replace(/\.parquet$/, ''), files, notes, context, open },
    ...(splits && { splits }),
  };
}

/** Hugging Face keeps the configurations of a data set in folders beside each other. */
function assertOneSet(storage: Storage, path: string, { files }: Archives, split: string): void {
  const wanted = wantedSplits(split);
  const isOfSet = (name: string) => !isFiller(name) && splitOfName(name, wanted) === undefined;
  const sets = new Set(files.map((file) => storage.namesBelow(path, file.path).slice(0, -1).filter(isOfSet).join('/'))); // prettier-ignore
  if (sets.size < 2) return;
  const detail = `it holds several sets (${[...sets].map((name) => name || '.').join(', ')}); name the folder of one`;
  throw fleetError('DDPM_ERR_DATA_FORMAT', { file: path, format: 'a directory of one parquet set', detail });
}

async function openParquet(
  storage: Storage,
  sources: readonly SourceFile[],
  elsewhere: readonly SourceFile[],
): Promise<ImageReader> {
  const open = new OpenFiles(storage);
  try {
    const files: ParquetFile[] = [];
    for (const source of sources) files.push(await openFooter(open, source));
    const columns = findColumns(files[0]!.path, files[0]!.metadata);
    const groups = rowGroupsOf(files, columns.image);
    if (groups.length === 0)
      throw fleetError('DDPM_ERR_DATA_EMPTY', { path: files[0]!.path, what: 'at least one row' });
    const labelling = await readLabels(files, columns, async () => {
      const others: ParquetFile[] = [];
      for (const source of elsewhere) others.push(await openFooter(open, source));
      return others;
    });
    return readerOf(open, files, groups, columns, labelling);
  } catch (error) {
    await open.close();
    throw error;
  }
}

function readerOf(
  open: OpenFiles,
  files: readonly ParquetFile[],
  groups: readonly RowGroup[],
  { image }: ImageColumns,
  labelling: Labelling,
): ImageReader {
  const starts = startsOf(groups);
  const cache = new ColumnCache(files, image);
  return {
    count: starts.at(-1)!,
    labelling,
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

/** @param others opens the files of other splits, which names of classes need to be numbered along */
async function readLabels(
  files: readonly ParquetFile[],
  { label, classNames }: ImageColumns,
  others: () => Promise<readonly ParquetFile[]>,
): Promise<Labelling> {
  const labels = new LabelList();
  if (label === undefined) return { classNames: [], isText: false };
  await eachLabel(files, label, (value, row, { path }) => labels.add(value, () => `${path} row ${row}`));
  if (labels.build(classNames).isText)
    await eachLabel(await others(), label, (value) => labels.addElsewhere(value));
  return labels.build(classNames);
}

async function eachLabel(
  files: readonly ParquetFile[],
  label: string,
  use: (value: unknown, row: number, file: ParquetFile) => void,
): Promise<void> {
  for (const group of rowGroupsOf(files)) {
    const file = files[group.file]!;
    const cells = await readColumn(file, group, label).catch((cause: unknown) => {
      throw notParquet(file.path, cause);
    });
    for (const [i, cell] of cells.entries()) {
      const value = cell instanceof Uint8Array ? Buffer.from(cell).toString('utf8') : cell;
      use(value, group.rowStart + i, file);
    }
  }
}

function bytesOfCell(cell: unknown): Uint8Array {
  const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | undefined)?.bytes;
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  const { path } = (cell ?? {}) as { path?: unknown };
  const name = path instanceof Uint8Array ? Buffer.from(path).toString('utf8') : path;
  throw new Error(
    name ? `the row has only the name of a file, ${name}, and no bytes` : 'the row has no image bytes',
  );
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
