// `npm test`: everything, from a fresh clone. Ends with one plain line that counts the tests.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

prepare();
run('lint', bin('oxlint'), ['--type-aware', '--quiet']);
run('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
run('engine', process.execPath, [join(root, 'packages/cli/bin/ddpm-fleet.js'), 'engine', 'install']);

const ava = spawn(
  process.execPath,
  [join(root, 'node_modules/ava/entrypoints/cli.mjs'), '--concurrency', '2'],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let tail = '';
let passed = 0;
ava.stdout.setEncoding('utf8').on('data', (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-20_000);
  // ava counts what passed in its summary only when nothing failed.
  passed += chunk.split('✔').length - 1;
});
ava.on('close', (code, signal) => {
  // eslint-disable-next-line no-control-regex -- ava colours its summary on some terminals
  const plain = tail.replace(/\u001b\[[0-9;]*m/g, '');
  const count = (pattern) => Number(plain.match(pattern)?.[1] ?? 0);
  const failed =
    count(/(\d+) tests? failed/) + count(/(\d+) uncaught exceptions?/) + count(/(\d+) tests? timed out/);
  const skipped = count(/(\d+) tests? skipped/);
  const broken = code !== 0 && failed === 0 ? 1 : failed;
  if (signal) console.error(`ava was ended by ${signal}`);
  console.log(`${passed} passed, ${broken} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = code ?? 1;
});
