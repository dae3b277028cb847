import type { NOTES } from './codes.js';

/** NOTES.md: every note with what it says and its remedy. */
export function notePage(notes: typeof NOTES): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = Object.entries(notes).map(
    ([code, { message, remedy }]) => `| \`${code}\` | ${cell(message)} | ${cell(remedy)} |`,
  );
  return [
    '# Notes',
    '',
    'What is said of a data set and of a run that goes on all the same: whatever was read, left out, changed, clamped or',
    'assumed. `data inspect` and `launch --dry-run` show them, a launch says them once, `run.json` and the card of an export',
    'keep them. With `--strict` they are errors, but for those that `--accept CODE` names. Words in braces are replaced by',
    'the values at hand. This page is made from `src/notes/codes.ts` by `npm run pages -w @ddpm-fleet/core`.',
    '',
    '| code | note | remedy |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
