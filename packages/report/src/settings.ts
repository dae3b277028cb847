import { LEAVES, type RunConfig } from '@ddpm-fleet/config';

/** Path of a setting -> its value as text, in the order of the schema. */
export function settingsOf(config: RunConfig): Map<string, string> {
  return new Map([...LEAVES].map(([path]) => [path, JSON.stringify(valueAt(config, path))]));
}

/** Those that are not the default: path, value, default. */
export function unusualSettings(config: RunConfig): [path: string, value: string, usual: string][] {
  const usual = new Map([...LEAVES].map(([path, leaf]) => [path, JSON.stringify(leaf.default)]));
  return [...settingsOf(config)]
    .filter(([path, value]) => value !== usual.get(path))
    .map(([path, value]) => [path, value, usual.get(path)!]);
}

function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown>)[name], config);
}
