import test, { type ExecutionContext } from 'ava';
import { S3Client } from '@ddpm-fleet/s3';
import { Proxy } from '@ddpm-fleet/s3/test/proxy';
import { findServer, pointAt, S3Server } from '@ddpm-fleet/s3/test/s3Server';
import { DecodePool } from '../../src/image/pool.js';

// Held, so that not every data set of these tests starts threads and ends them.
const pool = DecodePool.acquire();

const found = await findServer();
const server = typeof found === 'string' ? undefined : await S3Server.open(found.binary);
const url = `http://127.0.0.1:${server?.port}`;
test.after.always(async () => {
  await server?.close();
  await pool.release();
});
pointAt(url);

export const hasServer = server !== undefined;

/** A test against the real server; one at a time, because some change the environment or kill the server. */
export function onServer(
  title: string,
  body: (t: ExecutionContext, server: S3Server) => Promise<void>,
): void {
  if (!server) {
    test.skip(`${title}: ${String(found)}`, () => {});
    return;
  }
  test.serial(title, async (t) => {
    t.teardown(() => pointAt(url));
    await body(t, server);
  });
}

/** The bucket that every server of these tests has. */
export const bucket = new S3Client('s3://fleet', 'fleet');

let places = 0;

/** Uploads files to a prefix of their own, with what names may have in them. @returns its s3:// address */
export async function upload(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const prefix = `set ${places++}/ü&`;
  for (const [name, content] of Object.entries(files)) {
    const body = Uint8Array.from(Buffer.from(content));
    await bucket.send({ method: 'PUT', key: `${prefix}/${name}`, body });
  }
  return `s3://fleet/${prefix}`;
}

/** What is opened from now on goes through a proxy that counts. */
export async function behindProxy(t: ExecutionContext, { port }: S3Server): Promise<Proxy> {
  const proxy = await Proxy.open(port);
  t.teardown(() => proxy.close());
  pointAt(proxy.url);
  return proxy;
}
