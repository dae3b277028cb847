import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import test from 'ava';
import { ANIMATIONS, animationFile, gridCanvas, writeSingles, type Pictures } from '../../src/index.js';

const frame = (level: number, channels: number): Pictures => ({
  pixels: new Uint8Array(3 * 4 * 4 * channels).fill(level),
  ...{ count: 3, size: 4, channels },
});

for (const kind of ANIMATIONS) {
  for (const channels of [1, 3]) {
    test(`${kind}, ${channels} channel(s): a page a frame, the last shown longest`, async (t) => {
      // WebP joins equal frames into one that is shown longer; GIF is told not to.
      const frames = [10, 120, kind === '.gif' ? 120 : 140, 200].map((level) => frame(level, channels));
      const file = await animationFile(frames, kind);
      const { pages, delay, width, pageHeight } = await sharp(file, { animated: true }).metadata();
      const grid = gridCanvas(frames[0]!);
      t.deepEqual([pages, width, pageHeight], [4, grid.width, grid.height]);
      t.true(delay!.at(-1)! > 10 * delay![0]!);
      const last = await sharp(file, { page: 3 }).removeAlpha().raw().toBuffer();
      const middle = (Math.floor(grid.width / 4) * grid.width + Math.floor(grid.width / 4)) * 3;
      t.true(Math.abs(last[middle]! - 200) <= 4, `${last[middle]}`);
    });
  }
}

test('single files hold the images pixel for pixel', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-singles-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const pixels = Uint8Array.from({ length: 2 * 5 * 5 * 3 }, (_, i) => (i * 37) % 256);
  await writeSingles({ pixels, count: 2, size: 5, channels: 3 }, join(dir, 'new', 'place'));
  t.deepEqual(readdirSync(join(dir, 'new', 'place')), ['000000.png', '000001.png']);
  const second = await sharp(join(dir, 'new', 'place', '000001.png'))
    .raw()
    .toBuffer();
  t.deepEqual(new Uint8Array(second), pixels.slice(75));
});
