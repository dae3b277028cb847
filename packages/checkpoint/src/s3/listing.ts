import type { S3Client } from './client.js';
import { elements, text } from './xml.js';

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
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
      });
    }
    token = text(xml, 'IsTruncated') === 'true' ? text(xml, 'NextContinuationToken') : undefined;
  }
  return found;
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
