import { listObjects, listUploads, type ListedObject, type S3Client } from '@ddpm-fleet/s3';

/** Files without a manifest may be a save that another process is writing, until nothing was added for so long. */
const STALE_MS = 24 * 3600 * 1000;

/**
 * Removes `superseded` keys and what saves left that never came to their end. Best effort, because a checkpoint
 * that was published must not fail for it; the next publish sweeps again.
 */
export async function sweep(client: S3Client, prefix: string, superseded: readonly string[]): Promise<void> {
  try {
    const before = Date.now() - STALE_MS;
    const objects = await listObjects(client, `${prefix}step-`);
    for (const key of [...superseded, ...abandoned(objects, before)])
      await client.send({ method: 'DELETE', key });
    for (const { key, uploadId, startedMs } of await listUploads(client, `${prefix}step-`)) {
      if (startedMs < before)
        await client.send({ method: 'DELETE', key, query: { uploadId }, accept: [404] });
    }
  } catch {
    // As said above.
  }
}

/** Keys of steps without a manifest that nobody has touched since `before`. */
export function abandoned(
  objects: readonly Pick<ListedObject, 'key' | 'modifiedMs'>[],
  before: number,
): string[] {
  const stepOfKey = (key: string): string => key.slice(0, key.indexOf('/', key.lastIndexOf('step-')));
  const live = new Set(
    objects
      .filter(({ key, modifiedMs }) => modifiedMs >= before || key === `${stepOfKey(key)}/manifest.json`)
      .map(({ key }) => stepOfKey(key)),
  );
  return objects.map(({ key }) => key).filter((key) => !live.has(stepOfKey(key)));
}
