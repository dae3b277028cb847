import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { fleetError } from '@ddpm-fleet/core';
import type { SourceFile } from '../reader.js';
import { truncated } from '../storage/errors.js';
import type { Storage } from '../storage/storage.js';

/** An IDX array of unsigned bytes. Format: LeCun's MNIST page. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file, gzipped or not.
 * @param dimensions how many the array must have: 3 for images, 1 for labels
 * @throws DDPM_ERR_DATA_MISSING, DDPM_ERR_DATA_FORMAT, DDPM_ERR_DATA_TRUNCATED
 */
export async function readIdxFile(storage: Storage, file: SourceFile, dimensions: number): Promise<IdxArray> {
  const { path } = file;
  const bytes = await readMaybeGzipped(storage, file);
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.length < 4) throw truncated(path, headerBytes, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wanted = (UNSIGNED_BYTE << 8) | dimensions;
  const magic = view.getUint32(0);
  if (magic !== wanted) {
    throw fleetError('DDPM_ERR_DATA_FORMAT', {
      file: path,
      format: `an IDX file of bytes with ${dimensions} dimension${dimensions > 1 ? 's' : ''}`,
      detail: `its magic number is ${hex(magic)}, not ${hex(wanted)}`,
    });
  }
  if (bytes.length < headerBytes) throw truncated(path, headerBytes, bytes.length);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = headerBytes + shape.reduce((product, n) => product * n, 1);
  if (bytes.length < expected) throw truncated(path, expected, bytes.length);
  return { shape, data: bytes.subarray(headerBytes, expected) };
}

async function readMaybeGzipped(storage: Storage, file: SourceFile): Promise<Uint8Array> {
  const bytes = await storage.readWhole(file);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    // With a sync flush a cut-off stream gives what it holds, so that the message can say how much is missing.
    return await promisify(gunzip)(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    const detail = `its gzip stream is damaged (${(cause as Error).message})`;
    throw fleetError(
      'DDPM_ERR_DATA_FORMAT',
      { file: file.path, format: 'a readable gzip file', detail },
      { cause },
    );
  }
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, '0')}`;
}
