import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWKWARD_TEXTS, isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import {
  assertSameIdentity,
  configYaml,
  envName,
  identityHash,
  identityOf,
  LEAVES,
  loadConfig,
} from '../src/index.js';

const facts = { datasetHash: 'd', engine: 'e', imageSize: 16 };

const scratch = mkdtempSync(join(tmpdir(), 'ddpm-config-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

function file(text: string): string {
  const path = join(mkdtempSync(join(scratch, 'config-')), 'run.yaml');
  writeFileSync(path, text);
  return path;
}

function message(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (isFleetError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('defaults are those of Ho et al. for CIFAR-10', (t) => {
  const c = loadConfig({ env: {} });
  t.is(c.batch.globalBatchSize, 128);
  t.is(c.batch.slotBatchSize, 16);
  t.is(c.optimizer.lr, 2e-4);
  t.is(c.optimizer.warmupSteps, 5000);
  t.is(c.diffusion.modelVarType, 'fixedLarge');
  t.deepEqual([...c.ema.decays], [0.9999]);
});

test('file, environment and --set win in that order', (t) => {
  const path = file('seed: 1\nmodel:\n  ch: 64\n  chMult: [1, 2]\n');
  t.is(loadConfig({ file: path, env: {} }).model.ch, 64);
  t.is(loadConfig({ file: path, env: { DDPM_MODEL_CH: '96' } }).model.ch, 96);
  const c = loadConfig({
    file: path,
    env: { DDPM_MODEL_CH: '96' },
    set: ['model.ch=32', 'model.chMult=[1,2,4]'],
  });
  t.is(c.model.ch, 32);
  t.deepEqual([...c.model.chMult], [1, 2, 4]);
  t.is(c.seed, 1);
});

test('the resolved config is frozen to its leaves', (t) => {
  const c = loadConfig({ env: {} });
  t.throws(() => ((c.model as { ch: number }).ch = 1), { instanceOf: TypeError });
  t.throws(() => (c.model.chMult as number[]).push(1), { instanceOf: TypeError });
});

test('an unknown key names file, line and what was meant', (t) => {
  const text = message(() => loadConfig({ file: file('seed: 1\nmodel:\n  chMlut: [1]\n'), env: {} }));
  t.regex(
    text,
    /^DDPM_ERR_CONFIG_UNKNOWN_KEY: .*run\.yaml:3: there is no setting model\.chMlut\. Did you mean model\.chMult\?/,
  );
});

test('a value of the wrong kind names the line, the setting and what it must be', (t) => {
  const text = message(() => loadConfig({ file: file('batch:\n  numSlots: -4\n'), env: {} }));
  t.regex(text, /run\.yaml:2: batch\.numSlots must be a whole number, 1 or more, but it is -4/);
  t.regex(
    message(() => loadConfig({ env: {}, set: ['data.kind=gif'] })),
    /data\.kind must be one of emoji, idx/,
  );
  t.regex(
    message(() => loadConfig({ env: { DDPM_SEED: '-1' } })),
    /DDPM_SEED.*seed must be a whole number from 0/,
  );
});

test('broken YAML names the line', (t) => {
  t.regex(
    message(() => loadConfig({ file: file('seed: 1\nmodel: [1\n'), env: {} })),
    /DDPM_ERR_CONFIG_SYNTAX: .*run\.yaml:[23]/,
  );
});

test('a missing file is named', (t) => {
  t.regex(
    message(() => loadConfig({ file: '/nowhere/x.yaml', env: {} })),
    /DDPM_ERR_CONFIG_MISSING.*\/nowhere\/x\.yaml.*ENOENT/,
  );
});

test('a batch that cannot be cut into slots is refused', (t) => {
  t.regex(
    message(() => loadConfig({ env: {}, set: ['batch.globalBatchSize=100', 'batch.numSlots=8'] })),
    /DDPM_ERR_BATCH.*100.*8/,
  );
  const whole = loadConfig({ env: {}, set: ['batch.slotBatchSize=4', 'batch.numSlots=6'] }).batch;
  t.is(whole.globalBatchSize, 24);
});

test('--set without a value is refused', (t) => {
  t.regex(
    message(() => loadConfig({ env: {}, set: ['seed'] })),
    /DDPM_ERR_CONFIG_SET/,
  );
});

test('the written config reads back as the same run', (t) => {
  const c = loadConfig({ env: {}, set: ['seed=7', 'ema.decays=[0.9, 0.99]', 'name=x.y'] });
  const back = loadConfig({ file: file(configYaml(c)), env: {} });
  t.deepEqual(back, c);
});

test('identity settings, and only those, make the hash', (t) => {
  const hash = (set: string[]): string => identityHash(identityOf(loadConfig({ env: {}, set }), facts));
  for (const set of ['train.steps=5', 'name=b', 'checkpoint.keepLast=9', 'log.level=debug', 'data.path=/x'])
    t.is(hash([set]), hash([]), set);
  for (const set of [
    'seed=5',
    'model.ch=64',
    'batch.numSlots=4',
    'engine.threads=2',
    'fleet.wireDtype=bfloat16',
  ])
    t.not(hash([set]), hash([]), set);
});

test('a setting that came later is in the identity only where it is used', (t) => {
  const of = (set: string[]): object => identityOf(loadConfig({ env: {}, set }), facts);
  t.false('ema.power' in of([]));
  t.deepEqual(of(['ema.power=0.05,0.1']), { ...of([]), 'ema.power': [0.05, 0.1] });
  for (const bad of ['ema.power=0.3', 'ema.power=[0.1, 0.1]', 'ema.power=0'])
    t.regex(
      message(() => loadConfig({ env: {}, set: [bad] })),
      /different numbers from 0.005 to 0.28/,
      bad,
    );
});

test('a half-life in images is a decay for the batch, and the identity is that of the decay', (t) => {
  const batch = ['batch.globalBatchSize=64', 'batch.numSlots=4'];
  const c = loadConfig({ env: {}, set: [...batch, 'ema.halfLifeImages=6400,640'] });
  t.deepEqual([...c.ema.decays], [0.5 ** 0.01, 0.5 ** 0.1]);
  t.true(Math.abs(c.ema.decays[0]! ** 100 - 0.5) < 1e-12);
  t.deepEqual(loadConfig({ file: file(configYaml(c)), env: {} }), c, 'as a run records it');
  const said = loadConfig({ env: {}, set: [...batch, `ema.decays=[${c.ema.decays.join()}]`] });
  t.deepEqual(identityOf(c, facts), identityOf(said, facts));
  const yaml = 'ema: { decays: [0.9] }';
  t.deepEqual([...loadConfig({ yaml, env: {}, set: ['ema.halfLifeImages=128'] }).ema.decays], [0.5]);
  const flag = loadConfig({ yaml: 'ema: { halfLifeImages: [128] }', env: {}, set: ['ema.decays=0.9'] });
  t.deepEqual([flag.ema.decays, flag.ema.halfLifeImages], [[0.9], []]);
  const both = { yaml: 'ema: { decays: [0.9], halfLifeImages: [128] }', env: {} };
  t.regex(
    message(() => loadConfig(both)),
    /ema.halfLifeImages must be left out beside ema.decays/,
  );
  t.regex(
    message(() => loadConfig({ env: {}, set: ['ema.halfLifeImages=0'] })),
    /numbers above 0/,
  );
});

test('resuming with another identity names each key with both values', (t) => {
  const a = identityOf(loadConfig({ env: {} }), facts);
  const b = identityOf(loadConfig({ env: {}, set: ['seed=3', 'model.ch=64'] }), {
    ...facts,
    datasetHash: 'other',
  });
  const text = message(() => assertSameIdentity(b, a));
  t.regex(text, /seed: 0 there, 3 now/);
  t.regex(text, /model\.ch: 128 there, 64 now/);
  t.regex(text, /facts\.datasetHash: "d" there, "other" now/);
  t.notThrows(() => assertSameIdentity(a, a));
});

test('every setting says what it is, and environment names are unique', (t) => {
  for (const [path, leaf] of LEAVES) t.true(leaf.doc.endsWith('.'), path);
  t.is(new Set([...LEAVES.keys()].map(envName)).size, LEAVES.size);
});

test('of the three sizes of a batch, the two given with more authority stand', (t) => {
  const sizes = (text: string, set: string[]): number[] => {
    const { globalBatchSize, numSlots, slotBatchSize } = loadConfig({ file: file(text), env: {}, set }).batch;
    return [globalBatchSize, numSlots, slotBatchSize];
  };
  const whole = 'batch:\n  globalBatchSize: 64\n  numSlots: 4\n';
  t.deepEqual(sizes(whole, []), [64, 4, 16]);
  t.deepEqual(sizes(whole, ['batch.slotBatchSize=2']), [8, 4, 2]);
  t.deepEqual(sizes(whole, ['batch.numSlots=8']), [64, 8, 8]);
  t.deepEqual(sizes(whole, ['batch.globalBatchSize=32', 'batch.slotBatchSize=2']), [32, 16, 2]);
  const slots = 'batch:\n  numSlots: 4\n  slotBatchSize: 16\n';
  t.deepEqual(sizes(slots, ['batch.numSlots=6']), [96, 6, 16]);
  t.deepEqual(sizes(slots, ['batch.globalBatchSize=32']), [32, 4, 8]);
  t.regex(
    message(() => sizes(slots, ['batch.globalBatchSize=33'])),
    /DDPM_ERR_BATCH/,
  );
  t.regex(
    message(() => sizes(`${whole}  slotBatchSize: 3\n`, [])),
    /DDPM_ERR_BATCH/,
  );
});

test('names are letters, digits, ".", "_" and "-": a name becomes directories, jobs and objects', (t) => {
  for (const name of ['a', 'cifar10.v2', 'run_2-b', '1']) {
    t.is(loadConfig({ set: [`name=${name}`], env: {} }).name, name);
  }
  const refused = AWKWARD_TEXTS.filter((text) => !['null', 'true', '12'].includes(text));
  for (const name of refused) {
    t.regex(
      message(() => loadConfig({ set: [`name=${name}`], env: {} })),
      /CONFIG_VALUE: --set: name must/,
    );
    t.regex(
      message(() => loadConfig({ file: file(`name: ${JSON.stringify(name)}\n`), env: {} })),
      /CONFIG_VALUE: .*run\.yaml:1: name must/,
    );
    t.regex(
      message(() => loadConfig({ env: { DDPM_NAME: name } })),
      /CONFIG_VALUE: the environment \(DDPM_NAME\)/,
    );
  }
});

test('an awkward value of a setting that is text is kept; of any other it is one clear error', (t) => {
  for (const text of AWKWARD_TEXTS) {
    t.is(loadConfig({ set: [`data.path=${text}`], env: {} }).data.path, text);
    t.is(
      loadConfig({ yaml: configYaml(loadConfig({ set: [`data.path=${text}`], env: {} })), env: {} }).data
        .path,
      text,
    );
    if (text === '12') continue;
    t.regex(
      message(() => loadConfig({ set: [`seed=${text}`], env: {} })),
      /CONFIG_(VALUE|TEXT): --set/,
    );
    t.regex(
      message(() => loadConfig({ env: { DDPM_SEED: text } })),
      /CONFIG_(VALUE|TEXT): the environment/,
    );
    t.regex(
      message(() => loadConfig({ file: file(`seed: ${JSON.stringify(text)}\n`), env: {} })),
      /CONFIG_VALUE: .*run\.yaml:1: seed must/,
    );
  }
});

test('aliases that lead nowhere or would fill the memory, and nesting without end, are errors of the file', (t) => {
  const bomb = [
    'a0: &a0 [1, 2]',
    ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
  ];
  t.regex(
    message(() => loadConfig({ file: file(bomb.join('\n')), env: {} })),
    /CONFIG_SYNTAX: .*alias/i,
  );
  t.regex(
    message(() => loadConfig({ file: file('seed: *x\n'), env: {} })),
    /CONFIG_SYNTAX: .*alias/i,
  );
  t.regex(
    message(() => loadConfig({ set: ['seed=*x'], env: {} })),
    /CONFIG_TEXT: --set: .*seed.*alias/i,
  );
  t.regex(
    message(() => loadConfig({ file: file('['.repeat(50_000)), env: {} })),
    /CONFIG_SYNTAX/,
  );
});
