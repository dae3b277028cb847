import { join } from 'node:path';
import { writeStatistics } from '@ddpm-fleet/inference';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';

const SIZE = 4;

/** The file of a Gaussian with these variances. */
async function statistics(dir: string, name: string, variances: readonly number[]): Promise<string> {
  const file = join(dir, `${name}.npz`);
  const sigma = new Float64Array(SIZE * SIZE);
  variances.forEach((value, i) => (sigma[i * (SIZE + 1)] = value));
  await writeStatistics(file, { name, mu: new Float64Array(SIZE), sigma });
  return file;
}

test.serial(
  'a distance of too few images is noted, and refused with --strict; no Gaussian is refused',
  async (t) => {
    const dir = scratch();
    const whole = await statistics(dir, 'whole', [1, 1, 1, 1]);
    const few = await statistics(dir, 'few', [1, 0, 0, 4]);
    const measure = (file: string, ...how: string[]): ReturnType<typeof ddpmFleet> =>
      ddpmFleet(['evaluate', file, '--metric', 'fid', '--reference', whole, ...how]);
    const noted = await measure(few);
    t.is(noted.code, 0, noted.stderr);
    t.regex(noted.stdout, /^FID 3\.0000/);
    t.regex(noted.stderr, /few\.npz has rank 2 of 4.*\[DDPM_NOTE_FID_RANK\]/);
    const strict = await measure(few, '--strict');
    t.is(strict.code, 2);
    t.regex(strict.stderr, /rank 2 of 4.*\[DDPM_ERR_STRICT\]/);
    t.is((await measure(whole, '--strict')).code, 0);
    for (const [name, variances] of [
      ['notFinite', [1, NaN, 1, 1]],
      ['negative', [1, -1, 1, 1]],
    ] as const) {
      const refused = await measure(await statistics(dir, name, variances));
      t.is(refused.code, 2);
      t.regex(refused.stderr, new RegExp(`^error: FID: .*${name}\\.npz: sigma.*\\[DDPM_ERR_FID\\]\n$`));
    }
  },
);
