import type { ERRORS } from './codes.js';

/** ERRORS.md: every code with what it says and the exit code of the process. */
export function errorPage(errors: typeof ERRORS): string {
  const rows = Object.entries(errors).map(
    ([code, { exitCode, message }]) => `| \`${code}\` | ${exitCode} | ${message.replaceAll('|', '\\|')} |`,
  );
  return [
    '# Errors',
    '',
    'What a person can meet. Exit code 2: something given was wrong. Exit code 1: something failed while running.',
    'Words in braces are replaced by the values at hand. This page is made from `src/errors/codes.ts` by',
    '`npm run pages -w @ddpm-fleet/core`.',
    '',
    '| code | exit | message |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
