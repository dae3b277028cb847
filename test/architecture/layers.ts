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
  '@ddpm-fleet/telemetry': 2,
  '@ddpm-fleet/report': 3,
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
  'packages/worker/src/machine': ['node:crypto'],
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

/** `step(state, event) -> effects`: pure, and nothing in them waits. */
export const MACHINES = ['packages/coordinator/src/machine', 'packages/worker/src/machine'];

/** What a machine may call; of other packages it may know the types. */
export const CALLED_BY_MACHINES = ['@ddpm-fleet/core', '@ddpm-fleet/protocol', 'node:crypto'];

export const WAITING: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\basync\b|\bawait\b|\bPromise\b|\.\s*then\s*\(/, 'a promise'],
  [/\bqueueMicrotask\b|\bnextTick\b/, 'a promise'],
  [/\bperformance\b|\bhrtime\b/, 'the clock'],
  [/\bWebSocket\b|\bnew\s+(Router|Dealer|Socket)\b/, 'a socket'],
];

/** Where bytes become values: only there may a cast say what something received is. */
export const BORDER = ['packages/protocol/src/control/codec.ts', 'packages/protocol/src/data/forms.ts'];

/** Packages in which nothing is cast by way of `unknown`: what they handle was received. */
export const RECEIVERS = ['packages/coordinator', 'packages/protocol', 'packages/worker'];

export const CASTS: readonly (readonly [pattern: RegExp, where: 'receivers' | 'everywhere', what: string])[] =
  [
    [/\bas\s+unknown\s+as\b/, 'receivers', 'casts by way of unknown'],
    [/\bas\s+any\b|<any>/, 'receivers', 'casts to any'],
    [
      /\b(message|frame|header|hello|welcome)\b[\w.!?\]['[]*\s+as\s+(?!const\b)[\w({[]/,
      'everywhere',
      'casts what was received',
    ],
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
