import { createHash } from 'node:crypto';
import { fleetError } from '@ddpm-fleet/core';
import { stringify } from 'yaml';
import { LEAVES } from './schema.js';
import type { RunConfig } from './types.js';

/** The settings, and the facts found at launch, that make a run what it is: path -> value, in schema order. */
export type Identity = Readonly<Record<string, unknown>>;

/** What launch finds out and the config cannot say. */
export interface IdentityFacts {
  /** sha256 over the decoded images. */
  readonly datasetHash: string;
  /** Kind and version of the engine that `auto` became. */
  readonly engine: string;
  /** Images are imageSize x imageSize, also where data.size is 0. */
  readonly imageSize: number;
}

export function identityOf(config: RunConfig, facts: IdentityFacts): Identity {
  const identity: Record<string, unknown> = {};
  for (const [path, leaf] of LEAVES) {
    const value = valueAt(config, path);
    const isUnsaid = leaf.isLater && JSON.stringify(value) === JSON.stringify(leaf.default);
    if (leaf.role === 'identity' && !isUnsaid) identity[path] = value;
  }
  for (const [name, value] of Object.entries(facts)) identity[`facts.${name}`] = value;
  return identity;
}

/** sha256 (hex) over the identity's JSON, keys sorted. */
export function identityHash(identity: Identity): string {
  const sorted = Object.keys(identity)
    .toSorted()
    .map((key) => [key, identity[key]]);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** @throws DDPM_ERR_IDENTITY naming every key that differs, with both values */
export function assertSameIdentity(ours: Identity, theirs: Identity): void {
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  const differing = keys.filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]));
  if (differing.length === 0) return;
  const list = differing.map(
    (key) => `${key}: ${JSON.stringify(theirs[key])} there, ${JSON.stringify(ours[key])} now`,
  );
  throw fleetError('DDPM_ERR_IDENTITY', { list: list.join('; ') });
}

/** The resolved config as a run keeps it: identity and operational settings apart. `loadConfig` reads it back. */
export function configYaml(config: RunConfig): string {
  const parts: Record<'identity' | 'operational', Record<string, unknown>> = {
    identity: {},
    operational: {},
  };
  for (const [path, leaf] of LEAVES) {
    const keys = path.split('.');
    let at = parts[leaf.role];
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[keys.at(-1)!] = valueAt(config, path);
  }
  return stringify(parts, { flowCollectionPadding: false });
}

function valueAt(config: RunConfig, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config);
}
