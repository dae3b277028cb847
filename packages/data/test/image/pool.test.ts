import { execFileSync } from 'node:child_process';
import test from 'ava';
import { DecodePool } from '../../src/image/pool.js';
import { encode, picture } from '../support/images.js';

test.serial('many images at once come back each to its own caller', async (t) => {
  const pool = DecodePool.acquire();
  const fit = { size: 6, channels: 3, filter: 'area' } as const;
  const images = Array.from({ length: 60 }, (_, i) => picture(i, 6));
  const encoded = await Promise.all(images.map((image) => encode(image, 6, 6)));
  const fitted = await Promise.all(encoded.map((bytes) => pool.fit(bytes, fit)));
  t.deepEqual(
    fitted.map(({ image }) => image),
    images,
  );
  await pool.release();
});

test.serial(
  'the size in the file is told, and a broken image rejects without disturbing others',
  async (t) => {
    const pool = DecodePool.acquire();
    const fit = { size: 4, channels: 1, filter: 'area' } as const;
    const good = await encode(picture(0, 9, 7), 9, 7);
    const [first, broken, last] = await Promise.allSettled([
      pool.fit(good, fit),
      pool.fit(good.subarray(0, 60), fit),
      pool.fit(good, fit),
    ]);
    t.is(broken.status, 'rejected');
    t.deepEqual(first, last);
    t.like(first, { status: 'fulfilled', value: { width: 9, height: 7 } });
    await pool.release();
  },
);

test.serial('closing gives up what is under way and does not hang', async (t) => {
  const pool = DecodePool.acquire();
  const fit = { size: 4, channels: 1, filter: 'area' } as const;
  const bytes = await encode(picture(0, 400), 400, 400);
  const results = Promise.allSettled(Array.from({ length: 20 }, () => pool.fit(bytes, fit)));
  await pool.release();
  t.is((await results).length, 20);
});

test.serial(
  'a process that waits for nothing but an image gets it, and one that waits for none ends',
  (t) => {
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
    import { DecodePool } from ${url('../../src/image/pool.js')};
    import { encode, picture } from ${url('../support/images.js')};
    const pool = DecodePool.acquire();
  const fit = { size: 4, channels: 3, filter: 'area' };
    const bytes = await encode(picture(0, 8), 8, 8);
    for (let i = 0; i < 3; i++) await pool.fit(bytes, fit);
    console.log('decoded');`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
    t.is(out.toString().trim(), 'decoded');
  },
);
