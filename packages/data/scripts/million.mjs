// Makes many images in tar shards and reports how fast they are read, how much memory that takes, and how long it
// takes to begin in the middle. After a build: npm run million -w @ddpm-fleet/data [-- COUNT [DIRECTORY [PART]]]
// Default: 1,000,000 images of 32x32 in a temporary directory (about 7 GB with the cache), removed at the end. With a
// directory, which stays, one PART at a time can be run: make, kept (decoded, in the cache) or direct (at each read).
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import sharp from 'sharp';
import { openDataset, readBatch, splitHeldOut } from '../dist/src/index.js';

const SIZE = 32;
const SHARD = 50_000;
const BATCH = 128;
const count = Number(process.argv[2] ?? 1_000_000);
const part = process.argv[4];
const root = process.argv[3] ?? (await mkdtemp(join(tmpdir(), 'ddpm-million-')));

const config = {
  kind: 'webdataset',
  path: join(root, 'shards'),
  size: 0,
  category: '',
  split: 'train',
  channels: 3,
  resizeFilter: 'area',
  onBadImage: 'refuse',
  flip: false,
  heldOut: 64,
};

let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50).unref();

try {
  await mkdir(config.path, { recursive: true });
  const parts = {
    make: () => timed('make and encode', count, makeShards),
    kept: () => pass('scan, decode, hash, keep', { home: join(root, 'cache') }),
    direct: () => pass('scan, decode, hash', { home: join(root, 'direct'), cacheBytes: 0 }),
  };
  for (const [name, run] of Object.entries(parts)) if (part === undefined || part === name) await run();
} finally {
  clearInterval(watch);
  if (!process.argv[3]) await rm(root, { recursive: true, force: true });
}

async function pass(what, options) {
  const first = await timed(`first open: ${what}`, count, () => openDataset(config, options));
  await first.close();
  await report(options);
}

async function report(options) {
  const dataset = await timed('  open again', 0, () => openDataset(config, options));
  const { train } = splitHeldOut(dataset, config.heldOut);
  for (const position of [0n, BigInt(count) / 2n, 1_000_000_007n * 1000n]) {
    await timed(`  first batch at position ${position}`, 0, () => readBatch(train, 0, position, BATCH));
  }
  const batches = options.cacheBytes === 0 ? 150 : 1500;
  for (const pass of [1, 2, 3]) {
    await timed(`  ${batches} batches in stream order, pass ${pass}`, batches * BATCH, async () => {
      for (let i = 0; i < batches; i++)
        await readBatch(train, 0, BigInt((pass * batches + i) * BATCH), BATCH);
    });
  }
  await dataset.close();
}

async function timed(what, images, action) {
  globalThis.gc?.();
  peak = process.memoryUsage.rss();
  const start = performance.now();
  const result = await action();
  const ms = performance.now() - start;
  const rate = images ? `, ${Math.round((images / ms) * 1000).toLocaleString('en')} images/s` : '';
  console.log(
    `${what}: ${ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`}${rate}, peak ${mib(peak)} MiB`,
  );
  return result;
}

function mib(bytes) {
  return Math.round(bytes / 2 ** 20);
}

async function makeShards() {
  for (let start = 0, shard = 0; start < count; start += SHARD, shard++) {
    const out = createWriteStream(join(config.path, `shard-${String(shard).padStart(4, '0')}.tar`));
    const end = Math.min(count, start + SHARD);
    const ahead = [];
    for (let next = start, done = start; done < end; done++) {
      while (next < end && ahead.length < 4 * availableParallelism()) ahead.push(encodePng(next++));
      const key = String(done).padStart(9, '0');
      const chunk = Buffer.concat([
        ...member(`${key}.png`, await ahead.shift()),
        ...member(`${key}.cls`, Buffer.from(String(done % 10))),
      ]);
      if (!out.write(chunk)) await new Promise((resolve) => out.once('drain', resolve));
    }
    out.end(Buffer.alloc(1024));
    await finished(out);
  }
}

/** A gradient whose slope, phase and colour depend on the index: every image is another one. */
function encodePng(index) {
  const pixels = Buffer.alloc(SIZE * SIZE * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y, c] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE), i % 3];
    pixels[i] = (index >> (c * 7)) + x * (1 + (index % 5)) + y * (1 + (index % 3)) + c * 60;
  }
  return sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

/** Header, bytes and padding of one regular file in ustar format. */
function member(name, bytes) {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}
