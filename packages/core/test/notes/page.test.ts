import { readFileSync } from 'node:fs';
import test from 'ava';
import { NOTES } from '../../src/index.js';
import { notePage } from '../../src/notes/page.js';

const PAGE = new URL('../../../NOTES.md', import.meta.url);

test('NOTES.md says what the table says', (t) => {
  t.true(
    readFileSync(PAGE, 'utf8') === notePage(NOTES),
    'build, then run: npm run pages -w @ddpm-fleet/core',
  );
});

test('a bar in a note does not break the table', (t) => {
  const page = notePage({ DDPM_NOTE_X: { message: 'a|b', remedy: 'c|d' } } as unknown as typeof NOTES);
  t.true(page.includes('| a\\|b | c\\|d |'));
});
