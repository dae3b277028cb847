import { fleetError } from '@ddpm-fleet/core';
import { listNames, listObjects, S3Client, s3Location, type S3Options } from '@ddpm-fleet/s3';
import { byteOrder } from '../order.js';
import type { SourceFile } from '../reader.js';
import { missing, truncated } from './errors.js';
import { ReadAhead } from './readAhead.js';
import { endingOf, type Found, type Storage, type StoredFile } from './storage.js';

const RANGE_BYTES = 8 << 20;
/** Ranges of one file asked for at once. */
const AHEAD = 4;

/**
 * One bucket. Nothing is kept open: each read is a request for a range of the object that was listed, and refused by
 * the service when another one is in its place by then.
 */
export class S3Storage implements Storage {
  readonly #root: string;
  readonly #client: S3Client;
  readonly #readAhead = new ReadAhead();

  constructor(bucket: string, options?: S3Options) {
    this.#root = `s3://${bucket}`;
    this.#client = new S3Client(this.#root, bucket, options);
  }

  join(directory: string, name: string): string {
    return `${directory.replace(/\/+$/, '')}/${name}`;
  }

  namesBelow(directory: string, path: string): string[] {
    return path.slice(this.join(directory, '').length).split('/');
  }

  async stat(path: string): Promise<SourceFile> {
    const { status, headers } = await this.#client.send({ method: 'HEAD', key: keyOf(path), accept: [404] });
    if (status === 404) throw missing(path, await this.#nothingAt(path));
    return sourceFile(path, Number(headers.get('content-length')), headers.get('etag') ?? '');
  }

  /** A directory is what objects lie below. */
  async isDirectory(path: string): Promise<boolean> {
    const names = await listNames(this.#client, prefixOf(path), 1);
    if (names.length > 0) return true;
    await this.stat(path);
    return false;
  }

  async list(directory: string): Promise<string[]> {
    const names = await listNames(this.#client, prefixOf(directory));
    if (names.length === 0) throw missing(directory, 'there is nothing there');
    return names.sort(byteOrder);
  }

  async find(directory: string, wanted: (name: string) => boolean): Promise<Found> {
    const prefix = prefixOf(directory);
    const files: SourceFile[] = [];
    const others = new Map<string, number>();
    for (const { key, sizeBytes, etag } of await listObjects(this.#client, prefix)) {
      const names = key.slice(prefix.length).split('/');
      const name = names.at(-1)!;
      if (name === '' || names.some((one) => one.startsWith('.'))) continue;
      if (wanted(name)) files.push(sourceFile(this.join(directory, names.join('/')), sizeBytes, etag));
      else others.set(endingOf(name), (others.get(endingOf(name)) ?? 0) + 1);
    }
    return { files, others, broken: [], closed: [], repeated: [] };
  }

  async readWhole(file: SourceFile): Promise<Uint8Array> {
    const starts = Array.from({ length: Math.ceil(file.sizeBytes / RANGE_BYTES) }, (_, i) => i * RANGE_BYTES);
    const whole = new Uint8Array(file.sizeBytes);
    const lane = async () => {
      for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
        whole.set(await this.#range(file, start, Math.min(RANGE_BYTES, file.sizeBytes - start)), start);
      }
    };
    await Promise.all(Array.from({ length: AHEAD }, lane));
    return whole;
  }

  async open(file: SourceFile): Promise<StoredFile> {
    return {
      read: (offset, length) =>
        this.#readAhead.read(file, offset, length, (start, bytes) => this.#range(file, start, bytes)),
      close: async () => {},
    };
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#client.send({ method: 'PUT', key: keyOf(path), body: Uint8Array.from(bytes) });
  }

  async #range(file: SourceFile, start: number, length: number): Promise<Uint8Array> {
    const { path, sizeBytes, version } = file;
    if (start + length > sizeBytes) throw truncated(path, start + length, sizeBytes);
    if (length === 0) return new Uint8Array(0);
    const { status, body } = await this.#client.send({
      method: 'GET',
      key: keyOf(path),
      headers: { range: `bytes=${start}-${start + length - 1}`, ...(version && { 'if-match': version }) },
      accept: [404, 412, 416],
    });
    if (status === 404) throw missing(path, 'it is gone from the bucket');
    if (status >= 400 || body.length !== length) {
      throw fleetError('DDPM_ERR_DATA_CHANGED', { file: path, detail: 'the bucket holds another object' });
    }
    return body;
  }

  /** Why nothing is there; the listing also tells a bucket that does not exist. */
  async #nothingAt(path: string): Promise<string> {
    const names = await listNames(this.#client, prefixOf(path), 1);
    return names.length > 0 ? 'it is a directory' : 'there is nothing there';
  }
}

/** Listings and single requests tell the times of an object differently, but its tag alike. */
function sourceFile(path: string, sizeBytes: number, version: string): SourceFile {
  return { path, sizeBytes, mtimeMs: 0, ctimeMs: 0, version };
}

function keyOf(path: string): string {
  return s3Location(path)!.key;
}

function prefixOf(directory: string): string {
  const key = keyOf(directory);
  return key === '' ? '' : `${key}/`;
}
