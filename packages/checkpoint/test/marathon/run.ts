/** `npm run marathon:save [-- KILLS]`: kills a saving process so many times (default 500). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killLoop } from './killLoop.js';

const kills = Number(process.argv[2] ?? 500);
const seed = Date.now() % 2 ** 32;
const directory = await mkdtemp(join(tmpdir(), 'ddpm-fleet-marathon-'));
const start = performance.now();
try {
  const { inSave, lastStep } = await killLoop(directory, kills, seed);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `${kills} kills in ${seconds} s (seed ${seed}): ${inSave} fell into a save, ${lastStep} steps were saved,`,
  );
  console.log('and after each the newest checkpoint was whole and what was saved.');
} finally {
  await rm(directory, { recursive: true, force: true });
}
