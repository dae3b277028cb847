import test from 'ava';
import { cp, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { philoxFill } from '@ddpm-fleet/core';
import { sampleSnapshot } from '../src/conformance/sample.js';
import { openStore } from '../src/index.js';
import { diskBench, temporaryDirectory } from './support/directory.js';

const PLACES = 200;

for (const kind of ['bit flip', 'truncation'] as const) {
  test(`${PLACES} ${kind}s at random places: each is found and named, and the older one is used`, async (t) => {
    const directory = await temporaryDirectory(t);
    const store = openStore(directory);
    await store.publish(sampleSnapshot(1));
    const { digest } = await store.publish(sampleSnapshot(2));
    const files = (await diskBench(directory).files()).filter((path) => path.startsWith('step-00000002'));
    const random = philoxFill({ seed: 3, purpose: 0, counter: 0n }, new Uint32Array(3 * PLACES));
    const hit = new Set<string>();
    for (let i = 0; i < PLACES; i++) {
      const [pick, place, bit] = random.subarray(3 * i) as unknown as [number, number, number];
      const file = files[pick % files.length]!;
      const whole = await readFile(join(directory, file));
      if (kind === 'truncation') await truncate(join(directory, file), place % whole.length);
      else await writeFile(join(directory, file), flipped(whole, place % whole.length, bit % 8));
      const loaded = await store.load('newest');
      t.is(loaded.name, 'step-00000001');
      t.is(loaded.skipped.length, 1);
      t.true(
        loaded.skipped[0]!.problem.startsWith(file.split('/')[1]!),
        `${file}: ${loaded.skipped[0]!.problem}`,
      );
      await writeFile(join(directory, file), whole);
      hit.add(file);
    }
    t.is(hit.size, files.length);
    t.is((await store.load('newest')).digest, digest);
  });
}

test('files of two whole checkpoints in one directory are not one checkpoint', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = openStore(directory);
  await store.publish(sampleSnapshot(1));
  await store.publish(sampleSnapshot(2));
  const params = (step: number): string => join(directory, `step-0000000${step}`, 'params.safetensors');
  await cp(params(1), params(2));
  t.regex((await store.load('newest')).skipped[0]!.problem, /^params\.safetensors: its sha256/);
});

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1 << bit;
  return copy;
}
