import test from 'ava';
import { declaredIn, mentions, problemOf, type Repository } from './mentions.js';
import { documents, read, repositoryOf, tracked } from './repository.js';

const paths = tracked();
const inCheckout = paths ? test : test.skip;

inCheckout('what the documents name in backticks is there', (t) => {
  const repo = repositoryOf(paths!);
  const all = documents(paths!);
  t.true(all.length >= 17);
  const missing = all.flatMap(([path, home]) =>
    mentions(read(path)).flatMap((name) => {
      const problem = problemOf(name, home, repo);
      return problem === undefined ? [] : [`${path}: \`${name}\`: ${problem}`];
    }),
  );
  t.deepEqual(missing, []);
});

const SOURCE = `
export function qSample(a: number) {}
export interface LaunchPlan {
  readonly numWorkers?: number;
}
class A {
  async takeAll(): Promise<void> {}
}
const settings = { keepLast: 1, onBadImage: 'skipAll' };
const flag = '--keep-last';
`;
const REPO: Repository = {
  paths: [
    'packages/core/src/flat.ts',
    'packages/core/README.md',
    'packages/data/src/plan/order.ts',
    'infra/a.mjs',
  ],
  declared: new Set(declaredIn(SOURCE)),
  text: SOURCE,
  scripts: new Map([
    ['.', new Set(['simulate'])],
    ['@x/data', new Set(['million'])],
  ]),
};

const THERE = [
  ...[
    'flat.ts',
    'core/src/flat.ts',
    'src/flat.ts',
    'data/src/plan',
    'src/',
    'order.ts',
    '<name>.ts',
    'src/*.ts',
  ],
  ...[
    'qSample',
    'qSample(a)',
    'LaunchPlan',
    'LaunchPlan<T>',
    'plan.numWorkers',
    'takeAll()',
    'skipAll',
    'keepLast',
  ],
  ...['npm run simulate', 'npm run million -w @x/data', '--keep-last 3', '--keep-last'],
  ...['a word', 'word', '~/x/y.ts', 'kill -9', '@scope/name', '$HOME/x', "clip: 'atEnd'"],
];
const MISSING = [
  ...['gone.ts', 'core/src/order.ts', 'core/src/gone', 'gone/', 'src/gone/*.ts'],
  ...['qSampled', 'gone(a)', 'LaunchPlans', 'Gone', 'plan.numGone', 'GONE_MESSAGE', 'GoneThing<T>'],
  ...['npm run gone', 'npm run million', 'npm run simulate -w @x/data', '--gone'],
];

for (const name of THERE)
  test(`there: ${name}`, (t) => t.is(problemOf(name, 'packages/core/', REPO), undefined));
for (const name of MISSING)
  test(`missing: ${name}`, (t) => t.truthy(problemOf(name, 'packages/core/', REPO)));

test('names are read from the prose, not from code blocks', (t) => {
  t.deepEqual(mentions('a `b` and `c.d`, `b` again\n```ts\nconst e = `f`;\n```\n`g`'), ['b', 'c.d', 'g']);
});
