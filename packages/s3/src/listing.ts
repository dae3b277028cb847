import type { S3Client } from './client.js';
import { elements, text } from './xml.js';

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Names the contents. */
  readonly etag: string;
}

/** Every object below a prefix. */
export async function listObjects(client: S3Client, prefix: string): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for (let token: string | undefined = ''; token !== undefined;) {
    const query: Record<string, string> = {
      'list-type': '2',
      prefix,
      ...(token ? { 'continuation-token': token } : {}),
    };
    const xml: string = (await client.send({ method: 'GET', key: '', query })).body.toString();
    for (const item of elements(xml, 'Contents')) {
      found.push({
        key: text(item, 'Key')!,
        sizeBytes: Number(text(item, 'Size')),
        modifiedMs: Date.parse(text(item, 'LastModified')!),
        etag: text(item, 'ETag') ?? '',
      });
    }
    token = text(xml, 'IsTruncated') === 'true' ? text(xml, 'NextContinuationToken') : undefined;
  }
  return found;
}

/**
 * Names directly below a prefix: of objects, and of what they have in common up to the next slash.
 * @param prefix empty, or ends with /
 * @param most names at least that many are enough
 */
export async function listNames(client: S3Client, prefix: string, most = Infinity): Promise<string[]> {
  const names: string[] = [];
  for (let token: string | undefined = ''; token !== undefined && names.length < most;) {
    const query: Record<string, string> = {
      'list-type': '2',
      delimiter: '/',
      prefix,
      ...(most < 1000 ? { 'max-keys': String(most + 1) } : {}),
      ...(token ? { 'continuation-token': token } : {}),
    };
    const xml: string = (await client.send({ method: 'GET', key: '', query })).body.toString();
    const keys = elements(xml, 'Contents').map((item) => text(item, 'Key')!);
    const directories = elements(xml, 'CommonPrefixes').map((item) =>
      text(item, 'Prefix')!.replace(/\/$/, ''),
    );
    // Some tools make an object of the directory's own name.
    for (const key of [...keys, ...directories]) if (key !== prefix) names.push(key.slice(prefix.length));
    token = text(xml, 'IsTruncated') === 'true' ? text(xml, 'NextContinuationToken') : undefined;
  }
  return names;
}

export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedMs: number;
}

/** Multipart uploads below a prefix that were begun and neither completed nor aborted (the first thousand). */
export async function listUploads(client: S3Client, prefix: string): Promise<ListedUpload[]> {
  const xml = (await client.send({ method: 'GET', key: '', query: { uploads: '', prefix } })).body.toString();
  return elements(xml, 'Upload').map((item) => ({
    key: text(item, 'Key')!,
    uploadId: text(item, 'UploadId')!,
    startedMs: Date.parse(text(item, 'Initiated') ?? ''),
  }));
}

/** Parts that an upload has already, by number. */
export async function listParts(
  client: S3Client,
  key: string,
  uploadId: string,
): Promise<Map<number, { sizeBytes: number; etag: string }>> {
  const parts = new Map<number, { sizeBytes: number; etag: string }>();
  for (let marker: string | undefined = ''; marker !== undefined;) {
    const query: Record<string, string> = { uploadId, ...(marker ? { 'part-number-marker': marker } : {}) };
    const xml: string = (await client.send({ method: 'GET', key, query })).body.toString();
    for (const item of elements(xml, 'Part')) {
      const etag = text(item, 'ETag')!;
      parts.set(Number(text(item, 'PartNumber')), { sizeBytes: Number(text(item, 'Size')), etag });
    }
    marker = text(xml, 'IsTruncated') === 'true' ? text(xml, 'NextPartNumberMarker') : undefined;
  }
  return parts;
}
