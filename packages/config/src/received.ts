import { fleetError } from '@ddpm-fleet/core';
import { loadConfig } from './load.js';
import { LEAVES } from './schema.js';
import type { RunConfig } from './types.js';

const PLACE = 'the config that came from the coordinator';

/** The config that was received last, as text and checked: whoever connects again is told the same one. */
let last: { readonly text: string; readonly config: RunConfig } | undefined;

/**
 * A resolved config that another process sent as plain data: the same config, frozen. It says every setting, because
 * a default of this process might be another one there.
 * @throws DDPM_ERR_CONFIG_UNKNOWN_KEY, DDPM_ERR_CONFIG_VALUE, DDPM_ERR_BATCH
 */
export function receivedConfig(settings: unknown): RunConfig {
  const text = JSON.stringify(settings);
  if (last?.text !== text) last = { text, config: checked(settings) };
  return last.config;
}

function checked(settings: unknown): RunConfig {
  for (const path of LEAVES.keys()) {
    if (valueAt(settings, path) === undefined) {
      throw fleetError('DDPM_ERR_CONFIG_VALUE', {
        place: PLACE,
        key: path,
        must: 'must be there',
        value: 'missing',
      });
    }
  }
  return loadConfig({ tree: { settings, place: PLACE }, env: {} });
}

function valueAt(tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => {
    return typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined;
  }, tree);
}
