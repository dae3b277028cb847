import { fileURLToPath } from 'node:url';
import { ERRORS, NOTES, type ErrorCode } from '@ddpm-fleet/core';
import test from 'ava';
import { codesNamed, errorUses } from './errorUse.js';
import { readMonorepo } from './monorepo.js';

const repo = readMonorepo(fileURLToPath(new URL('../../../', import.meta.url)));
const placeholders = (code: string) =>
  [...(ERRORS[code as ErrorCode]?.message ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

test('every error that is thrown is given all that its message names', (t) => {
  const uses = errorUses(repo);
  t.true(uses.length > 50);
  const lacking = uses.flatMap(({ path, code, values }) => {
    const missing = values ? placeholders(code).filter((name) => !values.includes(name)) : [];
    return missing.map((name) => `${path}: ${code} is not given {${name}}`);
  });
  t.deepEqual(lacking, []);
});

test('no error and no note of the tables is dead', (t) => {
  const named = codesNamed(repo);
  t.deepEqual(
    [...Object.keys(ERRORS), ...Object.keys(NOTES)].filter((code) => !named.has(code)),
    [],
  );
});

const uses = (text: string) =>
  errorUses({ packages: [{ shipped: [{ path: 'x.ts', text, imports: [] }] } as never] });

test('calls are read with their values', (t) => {
  const source = `
    throw fleetError('A', { file, detail: \`\${a}, \${b({ c: 1 })}\`, list: [x, { y: 1 }].join(', ') }, { cause });
    throw fleetError('B');
    throw fleetError('C', values);
    throw fleetError('D', { ...values, x });
    throw fleetError(
      'E',
      { path: 'a: {b}, c', other },
    );
    // throw fleetError('F', {});
  `;
  t.deepEqual(
    uses(source).map(({ code, values }) => [code, values]),
    [
      ['A', ['file', 'detail', 'list']],
      ['B', []],
      ['C', undefined],
      ['D', undefined],
      ['E', ['path', 'other']],
    ],
  );
});
