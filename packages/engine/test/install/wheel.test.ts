import test from 'ava';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseWheelName, requireWheelForHere, treeBytes, unpackWheel } from '../../src/install/wheel.js';
import { inScratch } from '../scratch.js';

const nothing = (): Record<string, string> => ({});
const quiet = (): void => {};

test('wheel names are read', (t) => {
  const name = 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl';
  t.deepEqual(parseWheelName(`/some/where/${name}`), {
    distribution: 'tensorflow_cpu',
    version: '2.21.0',
    platformTag: 'manylinux_2_27_x86_64',
  });
  t.is(parseWheelName('tensorflow.zip'), undefined);
});

test('a wheel of another platform is refused by its name', (t) => {
  t.throws(() => requireWheelForHere('/x/tensorflow-2.21.0-cp312-cp312-win_amd64.whl'), {
    code: 'DDPM_ERR_ENGINE_SOURCE',
    message: /wheel for win_amd64.*a TensorFlow wheel for \w+-\w+/,
  });
  t.throws(() => requireWheelForHere('/x/archive.whl'), {
    code: 'DDPM_ERR_ENGINE_SOURCE',
    message: /its name/,
  });
});

function makeZip(dir: string): string {
  writeFileSync(join(dir, 'kept'), 'k'.repeat(100_000));
  writeFileSync(join(dir, 'left'), 'l');
  execFileSync('python3', ['-m', 'zipfile', '-c', 'a.whl', 'kept', 'left'], { cwd: dir });
  return join(dir, 'a.whl');
}

test('only what is given a place is unpacked', async (t) => {
  await inScratch(nothing, async (dir) => {
    const wheel = makeZip(dir);
    const place = (name: string): string | undefined => (name === 'kept' ? 'sub/kept' : undefined);
    t.deepEqual(await unpackWheel(wheel, join(dir, 'out'), place, quiet), ['sub/kept']);
    t.is(readFileSync(join(dir, 'out/sub/kept'), 'utf8'), 'k'.repeat(100_000));
    t.false(existsSync(join(dir, 'out/left')));
    t.is(await treeBytes(join(dir, 'out')), 100_000);
  });
});

test('half a wheel is refused', async (t) => {
  await inScratch(nothing, async (dir) => {
    const wheel = makeZip(dir);
    truncateSync(wheel, 200);
    await t.throwsAsync(
      unpackWheel(wheel, join(dir, 'out'), (name) => name, quiet),
      {
        code: 'DDPM_ERR_ENGINE_SOURCE',
        message: /not a whole wheel/,
      },
    );
  });
});
