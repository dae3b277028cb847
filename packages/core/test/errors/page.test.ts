import { readFileSync } from 'node:fs';
import test from 'ava';
import { ERRORS } from '../../src/index.js';
import { errorPage } from '../../src/errors/page.js';

const PAGE = new URL('../../../ERRORS.md', import.meta.url);
const REMEDY = 'build, then run: npm run pages -w @ddpm-fleet/core';

test('ERRORS.md has every code of the table and no other', (t) => {
  const documented = [...readFileSync(PAGE, 'utf8').matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code!);
  t.deepEqual(documented, Object.keys(ERRORS), REMEDY);
});

test('ERRORS.md says what the table says', (t) => {
  t.true(readFileSync(PAGE, 'utf8') === errorPage(ERRORS), REMEDY);
});

test('a bar in a message does not break the table', (t) => {
  const page = errorPage({
    DDPM_ERR_LAYOUT_MISMATCH: { exitCode: 2, message: 'a|b' },
  } as unknown as typeof ERRORS);
  t.true(page.includes('a\\|b'));
});
