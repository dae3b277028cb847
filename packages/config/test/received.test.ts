import { readdirSync } from 'node:fs';
import { isFleetError } from '@ddpm-fleet/core';
import test from 'ava';
import { loadConfig, receivedConfig, type RunConfig } from '../src/index.js';

const CONFIGS = new URL('../../../../configs/', import.meta.url);
const files = readdirSync(CONFIGS).filter((name) => name.endsWith('.yaml'));

/** A config as it comes out of a message. */
const sent = (config: RunConfig): Record<string, Record<string, unknown>> =>
  JSON.parse(JSON.stringify(config)) as Record<string, Record<string, unknown>>;

const codeOf = (settings: unknown): string => {
  try {
    receivedConfig(settings);
    return 'none';
  } catch (error) {
    if (!isFleetError(error)) throw error;
    return error.code;
  }
};

test('every config of the project comes over as it was, frozen', (t) => {
  t.true(files.length > 5);
  for (const name of files) {
    const file = new URL(name, CONFIGS).pathname;
    const config = loadConfig({ file, set: ['optimizer.epsilon=1e-10', 'name=1e3'], env: {} });
    const received = receivedConfig(sent(config));
    t.deepEqual(received, config, name);
    t.true(Object.isFrozen(received.model.chMult));
  }
});

test('the environment of the receiver changes nothing', (t) => {
  const config = loadConfig({ set: ['optimizer.lr=1e-3'], env: {} });
  process.env['DDPM_OPTIMIZER_LR'] = '0.5';
  t.teardown(() => delete process.env['DDPM_OPTIMIZER_LR']);
  t.is(receivedConfig(sent(config)).optimizer.lr, 1e-3);
});

test('what is no whole config is refused by name of the setting', (t) => {
  const settings = sent(loadConfig({ env: {} }));
  const { lr: _, ...withoutLr } = settings['optimizer']!;
  t.throws(() => receivedConfig({ ...settings, optimizer: withoutLr }), {
    message: /optimizer\.lr must be there/,
  });
  t.is(codeOf({ ...settings, optimizer: { ...withoutLr, lr: 'much' } }), 'DDPM_ERR_CONFIG_VALUE');
  t.is(codeOf({ ...settings, colour: 'red' }), 'DDPM_ERR_CONFIG_UNKNOWN_KEY');
  t.is(codeOf({ ...settings, model: { ...settings['model'], chMult: {} } }), 'DDPM_ERR_CONFIG_VALUE');
  const batch = { globalBatchSize: 7, numSlots: 2, slotBatchSize: 3 };
  t.is(codeOf({ ...settings, batch }), 'DDPM_ERR_BATCH');
  for (const nothing of [{}, [], null, undefined, 'config', 7])
    t.is(codeOf(nothing), 'DDPM_ERR_CONFIG_VALUE');
});
