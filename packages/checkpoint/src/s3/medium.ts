import { randomBytes } from 'node:crypto';
import { listObjects, type S3Client } from '@ddpm-fleet/s3';
import { writeError } from '../writeError.js';
import {
  stepName,
  stepOf,
  type Entry,
  type Medium,
  type NewFile,
  type StoredFile,
  type Ticket,
} from '../medium.js';
import { sweep } from './sweep.js';
import { uploadObject } from './upload.js';

const RANGE_BYTES = 8 << 20;
/** Ranges asked for at once. */
const AHEAD = 4;

/**
 * Checkpoints below a prefix of a bucket. There is no renaming there, so the manifest is what makes an entry:
 * files are uploaded under `step-N/<id>/`, and an entry is listed if and only if `step-N/manifest.json` exists. It is
 * written last, replaced in one request, and deleted first.
 */
export class S3Medium implements Medium {
  readonly location: string;
  readonly #client: S3Client;
  readonly #prefix: string;

  /** @param prefix empty, or ends with / */
  constructor(location: string, client: S3Client, prefix: string) {
    this.location = location;
    this.#client = client;
    this.#prefix = prefix;
  }

  /** From the state's digest where there is one: a second try finds the parts that the first one uploaded. */
  ticket(globalStep: number, shares: number, digest?: string): Ticket {
    return { globalStep, shares, id: digest?.slice(0, 16) ?? randomBytes(8).toString('hex') };
  }

  async put(ticket: Ticket, file: NewFile): Promise<StoredFile> {
    const step = stepName(ticket.globalStep);
    const path = `${ticket.id}/${file.name}`;
    return this.#writing(ticket, async () => {
      // Of a published step every byte is sent again: it may be published again because it is damaged.
      const goOn = !(await this.sizes({ name: step, globalStep: ticket.globalStep })).has('manifest.json');
      return { path, ...(await uploadObject(this.#client, this.#key(step, path), file, goOn)) };
    });
  }

  async commit(ticket: Ticket, files: readonly StoredFile[], manifest: Uint8Array): Promise<void> {
    const name = stepName(ticket.globalStep);
    const found = await this.#writing(ticket, async () => {
      const sizes = await this.sizes({ name, globalStep: ticket.globalStep });
      for (const { path, sizeBytes } of files) {
        if (sizes.get(path) !== sizeBytes) throw new Error(`${path} is not there as its writer says`);
      }
      const key = this.#key(name, 'manifest.json');
      await this.#client.send({ method: 'PUT', key, body: Uint8Array.from(manifest) });
      await this.#pointLatest(ticket.globalStep);
      return [...sizes.keys()];
    });
    const belongs = new Set(['manifest.json', ...files.map(({ path }) => path)]);
    const superseded = found.filter((path) => !belongs.has(path)).map((path) => this.#key(name, path));
    await sweep(this.#client, this.#prefix, superseded);
  }

  /** Uploaded parts stay: a second try goes on from them, and those that nobody goes on from are swept. */
  async abandon(): Promise<void> {}

  async entries(): Promise<Entry[]> {
    const objects = await listObjects(this.#client, `${this.#prefix}step-`);
    return objects.flatMap(({ key }) => {
      const [name, file, ...rest] = key.slice(this.#prefix.length).split('/') as [string, ...string[]];
      const globalStep = stepOf(name);
      const published = file === 'manifest.json' && rest.length === 0;
      return globalStep !== undefined && published ? [{ name, globalStep }] : [];
    });
  }

  async latest(): Promise<string | undefined> {
    return (await this.#readLatest())?.name;
  }

  async readManifest(entry: Entry): Promise<Buffer> {
    const key = this.#key(entry.name, 'manifest.json');
    const { status, body } = await this.#client.send({ method: 'GET', key, accept: [404] });
    if (status === 404) throw new Error('manifest.json: it is missing');
    return body;
  }

  async sizes(entry: Entry): Promise<Map<string, number>> {
    const prefix = this.#key(entry.name, '');
    const objects = await listObjects(this.#client, prefix);
    return new Map(objects.map(({ key, sizeBytes }) => [key.slice(prefix.length), sizeBytes]));
  }

  /** In ranges, a few ahead: each is a request that can be tried again by itself. */
  async *read(entry: Entry, path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
    const key = this.#key(entry.name, path);
    const ahead: Promise<Buffer>[] = [];
    for (let start = 0, next = 0; start < sizeBytes; start += RANGE_BYTES) {
      for (; next < sizeBytes && ahead.length < AHEAD; next += RANGE_BYTES) {
        const range = this.#readRange(key, next, Math.min(next + RANGE_BYTES, sizeBytes) - 1);
        // If an earlier range fails nobody will wait for this one.
        range.catch(() => {});
        ahead.push(range);
      }
      yield await ahead.shift()!;
    }
  }

  async remove(entry: Entry): Promise<void> {
    await this.#client.send({ method: 'DELETE', key: this.#key(entry.name, 'manifest.json') });
    for (const { key } of await listObjects(this.#client, this.#key(entry.name, ''))) {
      await this.#client.send({ method: 'DELETE', key });
    }
  }

  async #readRange(key: string, first: number, last: number): Promise<Buffer> {
    const headers = { range: `bytes=${first}-${last}` };
    const { status, body } = await this.#client.send({ method: 'GET', key, headers, accept: [404, 416] });
    if (status !== 206 && status !== 200) throw new Error(`${key}: it is missing or cut short`);
    return body;
  }

  /**
   * Only from what it was to what it shall be, so that of two that publish at once the one that is behind does not
   * have the last word.
   */
  async #pointLatest(globalStep: number): Promise<void> {
    const body = new TextEncoder().encode(`${stepName(globalStep)}\n`);
    const key = `${this.#prefix}LATEST`;
    for (;;) {
      const before = await this.#readLatest();
      const condition: Record<string, string> = before
        ? { 'if-match': before.etag }
        : { 'if-none-match': '*' };
      const { status } = await this.#client.send({
        method: 'PUT',
        key,
        headers: condition,
        body,
        accept: [404, 409, 412, 501],
      });
      if (status < 300) return;
      if (status === 501) return void (await this.#client.send({ method: 'PUT', key, body }));
      const now = await this.#readLatest();
      if (now && (stepOf(now.name) ?? -1) >= globalStep) return;
    }
  }

  async #readLatest(): Promise<{ name: string; etag: string } | undefined> {
    const { status, headers, body } = await this.#client.send({
      method: 'GET',
      key: `${this.#prefix}LATEST`,
      accept: [404],
    });
    if (status === 404) return undefined;
    return { name: body.toString().trim(), etag: headers.get('etag') ?? '*' };
  }

  async #writing<T>(ticket: Ticket, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      throw writeError(ticket.globalStep, this.location, error);
    }
  }

  #key(name: string, path: string): string {
    return `${this.#prefix}${name}/${path}`;
  }
}
