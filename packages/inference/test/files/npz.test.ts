import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { encodeNpz, readNpz } from '../../src/index.js';

const arrays = {
  arr_0: { values: Uint8Array.of(0, 128, 255, 1), shape: [2, 2] },
  mu: { values: Float64Array.of(Math.PI, -0, 1e-300), shape: [3] },
  labels: { values: Int32Array.of(-1, 2 ** 30), shape: [2] },
  x: { values: Float32Array.of(0.1), shape: [] },
};

test('arrays come back with type, shape and bits; the file is the same whenever it is written', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-npz-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'a.npz');
  writeFileSync(path, encodeNpz(arrays));
  t.deepEqual(await readNpz(path, ['arr_0', 'mu', 'labels', 'x']), arrays);
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Pacific/Kiritimati';
  t.deepEqual(encodeNpz(arrays), readFileSync(path));
  process.env['TZ'] = zone ?? '';
  // Read by somebody else's zip.
  const script = `import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist(), z.infolist()[0].date_time)`;
  const seen = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' });
  t.is(seen.trim(), 'None arr_0.npy mu.npy labels.npy x.npy (1980, 1, 1, 0, 0, 0)');
});
