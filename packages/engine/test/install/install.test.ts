import test from 'ava';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installEngine, locateEngine } from '../../src/index.js';
import { inScratch } from '../scratch.js';

/** Nothing is installed, and pip cannot reach an index. */
const offline = (dir: string): Record<string, string> => ({
  DDPM_FLEET_HOME: join(dir, 'home'),
  PIP_CONFIG_FILE: '/dev/null',
  PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
  PIP_RETRIES: '0',
  PIP_NO_CACHE_DIR: '1',
});

function leftovers(dir: string): string[] {
  return readdirSync(join(dir, 'home', 'engines'));
}

test.serial('without a network the index and the remedy are named', async (t) => {
  await inScratch(offline, async (dir) => {
    await t.throwsAsync(installEngine({ variant: 'cpu' }), {
      code: 'DDPM_ERR_ENGINE_DOWNLOAD',
      message: /tensorflow.*pip config list.*--from FILE.whl/,
    });
    t.deepEqual(leftovers(dir), []);
    t.is(locateEngine(), undefined);
  });
});

test.serial('without Python', async (t) => {
  const variables = (dir: string): Record<string, string> => ({
    ...offline(dir),
    DDPM_FLEET_PYTHON: '/no/python',
  });
  await inScratch(variables, async (dir) => {
    await t.throwsAsync(installEngine({ variant: 'cpu' }), {
      code: 'DDPM_ERR_ENGINE_PYTHON',
      message: /\/no\/python: not found.*apt-get install python3-pip/,
    });
    t.deepEqual(leftovers(dir), []);
  });
});

test.serial('without pip', async (t) => {
  const variables = (dir: string): Record<string, string> => ({
    ...offline(dir),
    DDPM_FLEET_PYTHON: join(dir, 'python'),
  });
  await inScratch(variables, async (dir) => {
    writeFileSync(join(dir, 'python'), '#!/bin/sh\nexec python3 -I -S "$@"\n');
    chmodSync(join(dir, 'python'), 0o755);
    await t.throwsAsync(installEngine({ variant: 'cpu' }), {
      code: 'DDPM_ERR_ENGINE_PYTHON',
      message: /has no pip/,
    });
  });
});

test.serial('without a compiler nothing is downloaded', async (t) => {
  const variables = (dir: string): Record<string, string> => ({ ...offline(dir), CXX: '/no/compiler' });
  await inScratch(variables, async (dir) => {
    const said: string[] = [];
    await t.throwsAsync(installEngine({ variant: 'cpu', onProgress: (line) => said.push(line) }), {
      code: 'DDPM_ERR_ENGINE_COMPILER',
      message: /\/no\/compiler: not found.*apt-get install g\+\+/,
    });
    t.false(said.some((line) => line.includes('downloading')));
    t.deepEqual(leftovers(dir), []);
  });
});

test.serial('a named place that is none is refused, naming it', async (t) => {
  await inScratch(offline, async (dir) => {
    const refused = (from: string, message: RegExp): Promise<unknown> =>
      t.throwsAsync(installEngine({ from }), { code: 'DDPM_ERR_ENGINE_SOURCE', message });
    await refused(join(dir, 'absent'), /absent cannot be used as an engine: it does not exist/);
    await refused(dir, /it holds no libtensorflow/);
    const lib = join(dir, 'tf');
    mkdirSync(join(lib, 'include/tensorflow/c'), { recursive: true });
    writeFileSync(join(lib, 'libtensorflow_cc.so.2'), '');
    await refused(lib, /it has no include/);
    writeFileSync(join(lib, 'include/tensorflow/c/c_api.h'), '');
    await refused(lib, /its version cannot be told/);
    const wheel = join(dir, 'tensorflow-2.9.0-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_27_aarch64.whl');
    writeFileSync(wheel, '');
    await refused(wheel, /it is TensorFlow 2\.9\.0/);
    t.deepEqual(leftovers(dir), []);
  });
});
