import { createHash } from 'node:crypto';
import { listParts, listUploads, text, type S3Client } from '@ddpm-fleet/s3';
import type { NewFile, StoredFile } from '../medium.js';

const PART_BYTES = 8 << 20;
const MAX_PARTS = 10_000;
/** Parts under way at once: with their bytes, what an upload holds in memory. */
const PARALLEL = 4;

/**
 * Uploads one object: in one request if it is small, else in parts. The service checks each part against its
 * signature. Invariant: nothing is at the key before the whole object is.
 * @param goOn keep what an upload that was cut off, by this process or an earlier one, has there already
 */
export async function uploadObject(
  client: S3Client,
  key: string,
  { sizeBytes, chunks }: NewFile,
  goOn: boolean,
): Promise<Omit<StoredFile, 'path'>> {
  const partBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS));
  const hash = createHash('sha256');
  const parts = inParts(chunks(), partBytes, (chunk) => hash.update(chunk));
  if (goOn && (await isThere(client, key, sizeBytes, () => inParts(chunks(), partBytes)))) {
    for (const _ of parts) continue;
  } else if (sizeBytes <= partBytes) {
    for (const body of parts) await client.send({ method: 'PUT', key, body });
  } else {
    await uploadParts(client, key, parts, goOn);
  }
  const found = await head(client, key);
  if (found?.sizeBytes !== sizeBytes)
    throw new Error(`${key} has ${found?.sizeBytes} bytes, not ${sizeBytes}`);
  return { sizeBytes, sha256: hash.digest('hex') };
}

async function head(client: S3Client, key: string): Promise<{ sizeBytes: number; etag: string } | undefined> {
  const { status, headers } = await client.send({ method: 'HEAD', key, accept: [404] });
  if (status === 404) return undefined;
  return { sizeBytes: Number(headers.get('content-length')), etag: headers.get('etag') ?? '' };
}

/** Whether the object is there, by the tag that a service gives to what was uploaded in these parts. */
async function isThere(
  client: S3Client,
  key: string,
  sizeBytes: number,
  parts: () => Iterable<Uint8Array>,
): Promise<boolean> {
  const found = await head(client, key);
  if (found?.sizeBytes !== sizeBytes) return false;
  const tags = [...parts()].map((part) => md5(part));
  const tag = tags.length === 1 ? tags[0] : `${md5(Buffer.from(tags.join(''), 'hex'))}-${tags.length}`;
  return found.etag.replaceAll('"', '') === tag;
}

async function uploadParts(
  client: S3Client,
  key: string,
  parts: Iterable<Uint8Array<ArrayBuffer>>,
  goOn: boolean,
): Promise<void> {
  const open = goOn ? await openUpload(client, key) : undefined;
  const uploadId = open ?? (await beginUpload(client, key));
  const there = open === undefined ? undefined : await listParts(client, key, uploadId);
  const etags: string[] = [];
  const send = async (body: Uint8Array<ArrayBuffer>, index: number): Promise<void> => {
    const known = there?.get(index + 1);
    if (known && known.sizeBytes === body.length && known.etag.replaceAll('"', '') === md5(body)) {
      etags[index] = known.etag;
      return;
    }
    const query = { partNumber: String(index + 1), uploadId };
    etags[index] = (await client.send({ method: 'PUT', key, query, body })).headers.get('etag')!;
  };
  await inParallel(parts, send);
  await completeUpload(client, key, uploadId, etags);
}

/** The last one that was begun, so that what went on from it before is gone on from again. */
async function openUpload(client: S3Client, key: string): Promise<string | undefined> {
  const open = (await listUploads(client, key)).filter((upload) => upload.key === key);
  return open.toSorted((a, b) => b.startedMs - a.startedMs)[0]?.uploadId;
}

async function beginUpload(client: S3Client, key: string): Promise<string> {
  const { body } = await client.send({ method: 'POST', key, query: { uploads: '' } });
  return text(body.toString(), 'UploadId')!;
}

/**
 * A completion whose answer was lost is answered with "no such upload" when it is sent again: the size of what is
 * at the key then says whether it worked. The service may also answer 200 with an error inside.
 */
async function completeUpload(
  client: S3Client,
  key: string,
  uploadId: string,
  etags: string[],
): Promise<void> {
  const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const body = new TextEncoder().encode(
    `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
  );
  const answer = await client.send({ method: 'POST', key, query: { uploadId }, body, accept: [404] });
  const error = text(answer.body.toString(), 'Code');
  if (error !== undefined && error !== 'NoSuchUpload')
    throw new Error(`${key} could not be put together: ${error}`);
}

async function inParallel<T>(
  items: Iterable<T>,
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let index = 0;
  for (const item of items) {
    if (running.size >= PARALLEL) await Promise.race(running);
    if (failures.length > 0) break;
    const one: Promise<void> = act(item, index++)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

/** Copies the chunks into parts of `partBytes`; the last one is shorter. */
function* inParts(
  chunks: Iterable<Uint8Array>,
  partBytes: number,
  seen: (chunk: Uint8Array) => void = () => {},
): Generator<Uint8Array<ArrayBuffer>> {
  let part = new Uint8Array(partBytes);
  let filled = 0;
  for (const chunk of chunks) {
    seen(chunk);
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.subarray(at, at + partBytes - filled);
      part.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < partBytes) continue;
      yield part;
      part = new Uint8Array(partBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
