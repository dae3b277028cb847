import test from 'ava';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareCacheDir, publishWhole, requireSpace } from '../../src/install/staging.js';
import { inScratch } from '../scratch.js';

const nothing = (): Record<string, string> => ({});

const write = (text: string) => (staging: string) => {
  mkdirSync(join(staging, 'sub'));
  writeFileSync(join(staging, 'sub', 'file'), text);
  return Promise.resolve();
};

test('what is built appears whole, replaces what was there, and leaves nothing beside it', async (t) => {
  await inScratch(nothing, async (dir) => {
    const final = join(dir, 'engine');
    for (const text of ['one', 'two']) {
      await publishWhole(final, async (staging) => {
        await write(text)(staging);
        t.not(staging, final);
        t.is(existsSync(final), text === 'two');
      });
      t.is(readFileSync(join(final, 'sub', 'file'), 'utf8'), text);
      t.deepEqual(readdirSync(dir), ['engine']);
    }
  });
});

test('a build that fails leaves what was there', async (t) => {
  await inScratch(nothing, async (dir) => {
    const final = join(dir, 'engine');
    await publishWhole(final, write('one'));
    const fail = async (staging: string): Promise<void> => {
      await write('half')(staging);
      throw new Error('compiler broke');
    };
    await t.throwsAsync(publishWhole(final, fail), { message: 'compiler broke' });
    t.is(readFileSync(join(final, 'sub', 'file'), 'utf8'), 'one');
    t.deepEqual(readdirSync(dir), ['engine']);
  });
});

test('what a killed build left is swept, and only that', async (t) => {
  await inScratch(nothing, async (dir) => {
    mkdirSync(join(dir, '.building-engine-1234', 'deep'), { recursive: true });
    mkdirSync(join(dir, '.building-other-1234'));
    await publishWhole(join(dir, 'engine'), write('one'));
    t.deepEqual(readdirSync(dir).toSorted(), ['.building-other-1234', 'engine']);
  });
});

test('too little space is said before anything is fetched', async (t) => {
  const error = await t.throwsAsync(requireSpace('.', 1e18), { code: 'DDPM_ERR_ENGINE_SPACE' });
  t.regex(error!.message, /free and the engine needs 1000000000 GB.*DDPM_FLEET_HOME/);
});

test('a cache that cannot be written is named', async (t) => {
  await inScratch(nothing, async (dir) => {
    writeFileSync(join(dir, 'file'), '');
    await t.throwsAsync(prepareCacheDir(join(dir, 'file', 'engines')), {
      code: 'DDPM_ERR_ENGINE_CACHE',
      message: /file.*DDPM_FLEET_HOME/,
    });
  });
});
