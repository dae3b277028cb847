/**
 * Who may import whom: only from a lower number, never sideways. ARCHITECTURE.md says what each package is for.
 */
export const LAYERS: Record<string, number> = {
  '@ddpm-fleet/core': 0,
  '@ddpm-fleet/config': 1,
  '@ddpm-fleet/transport': 1,
  '@ddpm-fleet/s3': 1,
  '@ddpm-fleet/diffusion': 2,
  '@ddpm-fleet/model': 2,
  '@ddpm-fleet/engine': 2,
  '@ddpm-fleet/data': 2,
  '@ddpm-fleet/protocol': 2,
  '@ddpm-fleet/checkpoint': 2,
  '@ddpm-fleet/launcher': 2,
  '@ddpm-fleet/trainer': 3,
  '@ddpm-fleet/coordinator': 3,
  '@ddpm-fleet/inference': 4,
  '@ddpm-fleet/worker': 4,
  'ddpm-fleet': 5,
};

/** Code that gives the same result whenever and wherever it runs: directory in the repository -> modules it may use. */
export const PURE: Record<string, readonly string[]> = {
  'packages/core/src': ['node:crypto'],
  'packages/coordinator/src/machine': [],
  'packages/diffusion/src': [],
  'packages/model/src': [],
  'packages/data/src/plan': [],
};

/** What pure code must not touch, and what it would be. */
export const IMPURE: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/, 'the clock'],
  [/\bperformance\s*\.\s*now\b/, 'the clock'],
  [/\bMath\s*\.\s*random\b|\brandomBytes\b|\brandomUUID\b/, 'unaddressed randomness'],
  [/\bset(Timeout|Interval|Immediate)\s*\(/, 'a timer'],
  [/\bprocess\s*\.\s*(env|hrtime|argv|cwd)\b/, 'the process'],
  [/\bfetch\s*\(/, 'the network'],
];

/** Modules that one package owns, so that the others stay free of them. */
export const OWNED: Record<string, readonly string[]> = {
  zeromq: ['@ddpm-fleet/transport'],
  aws4fetch: ['@ddpm-fleet/s3'],
  '@tensorflow/tfjs-node-gpu': ['@ddpm-fleet/engine'],
  '@tensorflow/tfjs-backend-wasm': ['@ddpm-fleet/engine'],
  convict: ['@ddpm-fleet/config'],
  commander: ['ddpm-fleet'],
};
