import { homedir } from 'node:os';
import test from 'ava';
import { loadConfig } from '../src/index.js';

const load = (...set: string[]) => loadConfig({ set, env: {} });

test('lists as people type them', (t) => {
  for (const text of ['1,2,2', '[1,2,2]', '1, 2, 2', '1 2 2', '[1, 2,2]']) {
    t.deepEqual(load(`model.chMult=${text}`).model.chMult, [1, 2, 2], text);
  }
  t.deepEqual(load('model.attnResolutions=8').model.attnResolutions, [8]);
  t.deepEqual(load('ema.decays=0.9999,0.99').ema.decays, [0.9999, 0.99]);
  t.deepEqual(load('model.attnResolutions=[]').model.attnResolutions, []);
  t.deepEqual(
    loadConfig({ yaml: 'model: { ch: 32 }\nema:\n  decays: 0.5,0.9', env: {} }).ema.decays,
    [0.5, 0.9],
  );
  t.deepEqual(loadConfig({ env: { DDPM_MODEL_CH_MULT: '1,2' } }).model.chMult, [1, 2]);
});

test('a broken list is refused in one line, with what a list is', (t) => {
  for (const text of [
    '1,2,',
    ',1',
    '1,,2',
    '1;2',
    '[1,2',
    '1,x',
    '1,-2',
    '0x1,2',
    '',
    '{1: 2}',
    '1.5',
    '1,2.5',
  ]) {
    const error = t.throws(() => load(`model.chMult=${text}`), { name: 'FleetError' }, text);
    t.regex(error!.message, /model\.chMult/, text);
    t.notRegex(error!.message, /\n./, text);
  }
});

test('~ is the home directory in paths, and nowhere else', (t) => {
  t.is(load('data.path=~/faces').data.path, `${homedir()}/faces`);
  t.is(load('checkpoint.store=~/runs/x').checkpoint.store, `${homedir()}/runs/x`);
  t.is(loadConfig({ yaml: 'data: { path: ~/a }', env: {} }).data.path, `${homedir()}/a`);
  t.is(load('data.path=a~/b').data.path, 'a~/b');
  t.is(load('data.category=~/x').data.category, '~/x');
});
