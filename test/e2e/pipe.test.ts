import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { ROOT } from '../support/cli.js';

test('a reader that has seen enough ends in no error', async (t) => {
  const command = 'node packages/cli/bin/ddpm-fleet.js launch --help | head -n 1';
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { cwd: ROOT });
  t.regex(stdout, /^Usage: ddpm-fleet launch/);
  t.is(stderr, '');
  const noReader = `{ node packages/cli/bin/ddpm-fleet.js launch configs/marathon.yaml --dry-run; echo $? >&2; } | true`;
  const closed = await promisify(execFile)('sh', ['-c', noReader], { cwd: ROOT });
  t.notRegex(closed.stderr, /EPIPE|at /);
});
