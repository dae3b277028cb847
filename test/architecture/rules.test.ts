import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { importsOf, readMonorepo } from './monorepo.js';
import * as rules from './rules.js';

/** A small repository that keeps every rule: two packages, one above the other. */
const SOUND: Record<string, string> = {
  'package.json': manifest('root', { devDependencies: { ava: '7' } }),
  'packages/core/package.json': manifest('@ddpm-fleet/core', { exports: { '.': {} } }),
  'packages/core/tsconfig.json': '{}',
  'packages/core/src/index.ts': "import { createHash } from 'node:crypto';\nexport const sha = createHash;\n",
  'packages/diffusion/package.json': manifest('@ddpm-fleet/diffusion', {
    dependencies: { '@ddpm-fleet/core': '1', 'left-pad': '1' },
    exports: { '.': {} },
  }),
  'packages/diffusion/tsconfig.json': '{"references":[{"path":"../core"}]}',
  'packages/diffusion/src/index.ts':
    "import { sha } from '@ddpm-fleet/core';\nexport { pad } from 'left-pad';\n// Date.now() in a comment\nexport const x = sha;\n",
  'packages/diffusion/src/deep/a.ts': "import type { x } from '../index.js';\nexport type X = typeof x;\n",
  'packages/diffusion/test/index.test.ts':
    "import test from 'ava';\nimport { x } from '../src/index.js';\ntest('x', () => void x);\n",
};

function manifest(name: string, rest: object): string {
  return JSON.stringify({ name, ...rest });
}

/** What the rule finds in the sound repository with some files changed. */
function found(t: ExecutionContext, rule: rules.Rule, changes: Changes): string[] {
  const root = mkdtempSync(join(tmpdir(), 'ddpm-architecture-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries({ ...SOUND, ...changes })) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return rule(readMonorepo(root));
}

for (const [name, rule] of Object.entries(rules)) {
  if (name === 'packageOf') continue;
  test(`${name}: nothing is found in a sound repository`, (t) =>
    t.deepEqual(found(t, rule as rules.Rule, {}), []));
}

const core = (source: string) => ({ 'packages/core/src/bad.ts': source });
const diffusion = (source: string) => ({ 'packages/diffusion/src/bad.ts': source });
const model = {
  'packages/model/package.json': manifest('@ddpm-fleet/model', { exports: { '.': {} } }),
  'packages/model/tsconfig.json': '{}',
  'packages/model/src/index.ts': 'export const y = 1;\n',
};

const machine = (of: 'coordinator' | 'worker', source: string) => ({
  [`packages/${of}/package.json`]: manifest(`@ddpm-fleet/${of}`, {}),
  [`packages/${of}/tsconfig.json`]: '{}',
  [`packages/${of}/src/machine/bad.ts`]: source,
});
const shell = (of: 'coordinator' | 'worker', source: string) => ({
  ...machine(of, 'export const step = 1;'),
  [`packages/${of}/src/shell/bad.ts`]: source,
});

/** `changes`: files, by path; undefined: taken away. */
type Changes = Record<string, string | undefined>;
type Violation = [name: string, rule: rules.Rule, changes: Changes, message: RegExp];

const VIOLATIONS: Violation[] = [
  [
    'an unknown package',
    rules.everyPackageHasALayer,
    { ...model, 'packages/model/package.json': manifest('@ddpm-fleet/misc', {}) },
    /misc has no layer/,
  ],
  [
    'an upward import',
    rules.edgesGoDown,
    core("export { x } from '@ddpm-fleet/diffusion';"),
    /core \(layer 0\) depends upwards on @ddpm-fleet\/diffusion \(layer 2\): packages\/core\/src\/bad\.ts/,
  ],
  [
    'a sideways import',
    rules.edgesGoDown,
    { ...model, ...diffusion("import { y } from '@ddpm-fleet/model';") },
    /sideways on @ddpm-fleet\/model/,
  ],
  [
    'an upward import of a type',
    rules.edgesGoDown,
    core("import type { x } from '@ddpm-fleet/diffusion';"),
    /upwards/,
  ],
  [
    'an upward import of several lines',
    rules.edgesGoDown,
    core("import {\n  x,\n  type Y,\n} from '@ddpm-fleet/diffusion';"),
    /upwards/,
  ],
  [
    'an upward dynamic import',
    rules.edgesGoDown,
    core("export const load = () => import('@ddpm-fleet/diffusion');"),
    /upwards/,
  ],
  [
    'an upward import in a test',
    rules.edgesGoDown,
    { 'packages/core/test/a.test.ts': "import '@ddpm-fleet/diffusion';" },
    /upwards.*core\/test/,
  ],
  [
    'an upward dependency',
    rules.edgesGoDown,
    {
      'packages/core/package.json': manifest('@ddpm-fleet/core', {
        devDependencies: { '@ddpm-fleet/diffusion': '1' },
        exports: { '.': {} },
      }),
    },
    /upwards.*package\.json/,
  ],
  [
    'an undeclared import',
    rules.importsAreDeclared,
    diffusion("import chalk from 'chalk';"),
    /bad\.ts imports chalk, which its package\.json does not declare/,
  ],
  [
    'an undeclared scoped import with a subpath',
    rules.importsAreDeclared,
    diffusion("import a from '@a/b/c';"),
    /imports @a\/b\/c/,
  ],
  [
    'a development dependency in shipped code',
    rules.importsAreDeclared,
    diffusion("import test from 'ava';"),
    /imports ava/,
  ],
  [
    'an undeclared require',
    rules.importsAreDeclared,
    diffusion("const a = require('yauzl');"),
    /imports yauzl/,
  ],
  [
    'an undeclared import in a test',
    rules.importsAreDeclared,
    { 'packages/core/test/a.test.ts': "import x from 'sinon';" },
    /core\/test.* imports sinon/,
  ],
  ['a builtin without node:', rules.importsAreDeclared, diffusion("import fs from 'fs';"), /write node:fs/],
  [
    'a dependency that nobody imports',
    rules.declaredIsImported,
    { 'packages/core/package.json': manifest('@ddpm-fleet/core', { dependencies: { lodash: '4' } }) },
    /declares lodash and never imports it/,
  ],
  [
    'a missing project reference',
    rules.referencesMatchImports,
    { 'packages/diffusion/tsconfig.json': '{}' },
    /does not reference packages\/core/,
  ],
  [
    'an import around the exports',
    rules.packagesAreEnteredByTheirExports,
    diffusion("import '@ddpm-fleet/core/dist/src/index.js';"),
    /which is not exported/,
  ],
  [
    'a relative import of another package',
    rules.packagesAreEnteredByTheirExports,
    diffusion("import '../../core/src/index.js';"),
    /lies outside its package/,
  ],
  [
    'a node module in pure code',
    rules.pureCodeIsPure,
    diffusion("import { readFileSync } from 'node:fs';"),
    /imports node:fs/,
  ],
  [
    'another node module than crypto in core',
    rules.pureCodeIsPure,
    core("import 'node:os';"),
    /imports node:os/,
  ],
  [
    'zeromq in pure code',
    rules.pureCodeIsPure,
    diffusion("import { Router } from 'zeromq';"),
    /imports zeromq/,
  ],
  [
    'the clock in pure code',
    rules.pureCodeIsPure,
    diffusion('export const now = () => Date.now();'),
    /uses the clock/,
  ],
  [
    'the clock of a new Date in pure code',
    rules.pureCodeIsPure,
    core('export const now = new Date();'),
    /uses the clock/,
  ],
  [
    'randomness in pure code',
    rules.pureCodeIsPure,
    core('export const r = Math.random();'),
    /uses unaddressed randomness/,
  ],
  ['a timer in pure code', rules.pureCodeIsPure, core('setTimeout(() => {}, 1);'), /uses a timer/],
  [
    'the environment in pure code',
    rules.pureCodeIsPure,
    core("export const e = process.env['X'];"),
    /uses the process/,
  ],
  [
    'pure code that is gone',
    rules.pureDirectoriesAreThere,
    { ...shell('worker', 'export const a = 1;'), 'packages/worker/src/machine/bad.ts': undefined },
    /packages\/worker\/src\/machine is held to be pure, and holds no code/,
  ],
  ...(['coordinator', 'worker'] as const).flatMap((of): Violation[] => [
    [
      `a promise in the ${of}'s machine`,
      rules.machinesDoNotWait,
      machine(of, 'export const a = Promise.resolve(1);'),
      /is a machine and uses a promise/,
    ],
    [
      `an asynchronous function in the ${of}'s machine`,
      rules.machinesDoNotWait,
      machine(of, 'export async function a() {}'),
      /is a machine and uses a promise/,
    ],
    [
      `a clock that goes on by itself in the ${of}'s machine`,
      rules.machinesDoNotWait,
      machine(of, 'const { now } = performance;\nexport const a = now;'),
      /is a machine and uses the clock/,
    ],
    [
      `the clock in the ${of}'s machine`,
      rules.pureCodeIsPure,
      machine(of, 'export const a = () => Date.now();'),
      /uses the clock/,
    ],
    [
      `a timer in the ${of}'s machine`,
      rules.pureCodeIsPure,
      machine(of, 'setInterval(() => {}, 1);'),
      /uses a timer/,
    ],
    [
      `randomness in the ${of}'s machine`,
      rules.pureCodeIsPure,
      machine(of, 'export const a = Math.random();'),
      /uses unaddressed randomness/,
    ],
    [
      `a node socket in the ${of}'s machine`,
      rules.pureCodeIsPure,
      machine(of, "import { connect } from 'node:net';\nexport const a = connect;"),
      /imports node:net/,
    ],
    [
      `sockets of ours in the ${of}'s machine`,
      rules.machinesDoNotWait,
      machine(of, "import { zmqTransport } from '@ddpm-fleet/transport';\nexport const a = zmqTransport;"),
      /is a machine and imports @ddpm-fleet\/transport/,
    ],
    [
      `the shell in the ${of}'s machine`,
      rules.machinesDoNotWait,
      machine(of, "import { a } from '../shell/a.js';\nexport const b = a;"),
      /is a machine and imports \.\.\/shell\/a\.js/,
    ],
    [
      `a cast by way of unknown in the ${of}`,
      rules.receivedDataIsNotCast,
      shell(of, 'export const a = (b: object) => b as unknown as string;'),
      /casts by way of unknown/,
    ],
    [
      `any in the ${of}`,
      rules.receivedDataIsNotCast,
      shell(of, 'export const a = (b: object) => (b as any).c;'),
      /casts to any/,
    ],
  ]),
  [
    'a field of a message that is cast',
    rules.receivedDataIsNotCast,
    diffusion('export const f = (message: { x: unknown }) => message.x as string;'),
    /bad\.ts casts what was received/,
  ],
  [
    'a header that is cast',
    rules.receivedDataIsNotCast,
    diffusion('export const f = (header: unknown) => (header as { a: 1 }).a;'),
    /bad\.ts casts what was received/,
  ],
  [
    'an element of a message that is cast',
    rules.receivedDataIsNotCast,
    diffusion("export const f = (m: { message: any }) => m.message['x']![0] as string;"),
    /bad\.ts casts what was received/,
  ],
  [
    'a circle of imports',
    rules.importsMakeNoCircle,
    {
      ...diffusion("import { c } from './deep/c.js';\nexport const b = c;"),
      'packages/diffusion/src/deep/c.ts': "export { d as c } from './d.js';",
      'packages/diffusion/src/deep/d.ts': "import { b } from '../bad.js';\nexport const d = () => b;",
    },
    /in a circle: .*src\/bad\.ts, .*deep\/c\.ts, .*deep\/d\.ts$/,
  ],
  [
    'a circle of imports of types',
    rules.importsMakeNoCircle,
    {
      ...diffusion("import type { C } from './c.js';\nexport interface B { c: C }"),
      'packages/diffusion/src/c.ts': "import type { B } from './bad.js';\nexport interface C { b: B }",
    },
    /in a circle: .*src\/bad\.ts, .*src\/c\.ts$/,
  ],
  [
    'a file that imports itself',
    rules.importsMakeNoCircle,
    core("export * as self from './bad.js';"),
    /in a circle: packages\/core\/src\/bad\.ts$/,
  ],
  [
    'a socket outside transport',
    rules.ownedModulesStayWithTheirOwners,
    diffusion("import { Router } from 'zeromq';"),
    /imports zeromq, which only @ddpm-fleet\/transport may/,
  ],
];

for (const [name, rule, changes, message] of VIOLATIONS) {
  test(`found: ${name}`, (t) => {
    const violations = found(t, rule, changes);
    t.is(violations.length, 1, violations.join('\n'));
    t.regex(violations[0]!, message);
  });
}

test('let be: casts to constants, in the border, and types of other packages in a machine', (t) => {
  const border = {
    'packages/protocol/package.json': manifest('@ddpm-fleet/protocol', {}),
    'packages/protocol/tsconfig.json': '{}',
    'packages/protocol/src/data/forms.ts':
      'export const f = (header: object) => header as unknown as string;',
  };
  const source = "export const f = (message: 'a') => message as const;";
  t.deepEqual(found(t, rules.receivedDataIsNotCast, { ...border, ...diffusion(source) }), []);
  const typesOnly = "import type { RunConfig } from '@ddpm-fleet/config';\nexport type A = RunConfig;";
  t.deepEqual(found(t, rules.machinesDoNotWait, machine('worker', typesOnly)), []);
});

test('pure by directory: what is beside it may', (t) => {
  const beside = {
    'packages/coordinator/package.json': manifest('@ddpm-fleet/coordinator', {}),
    'packages/coordinator/tsconfig.json': '{}',
    'packages/coordinator/src/server/a.ts': "import 'node:fs';\nexport const now = Date.now();",
    'packages/coordinator/src/machineRoom/a.ts': "import 'node:fs';",
  };
  t.deepEqual(found(t, rules.pureCodeIsPure, beside), []);
  const inside = { 'packages/coordinator/src/machine/deep/a.ts': 'export const now = Date.now();' };
  t.is(found(t, rules.pureCodeIsPure, { ...beside, ...inside }).length, 1);
});

test('imports that are read, and words that are none', (t) => {
  const source = `import a from 'a';
import type { B } from "b";
import { c1,
  c2 } from 'c';
import 'd';
export * from 'e';
export { f } from 'f';
const g = await import('g');
const h = require('h'), i = require.resolve('i');
// import x from 'comment';
/** import x from 'doc'; */
/*
import x from 'block';
*/
const text = 'words from somewhere';
const made = "require('\${text}')";
export const from = 'nowhere';
`;
  t.deepEqual(importsOf(source).sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
});
