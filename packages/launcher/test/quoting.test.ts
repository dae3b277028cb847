import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWKWARD_TEXTS } from '@ddpm-fleet/core';
import test from 'ava';
import { batchScript, sshReach, type BatchRequest } from '../src/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'ddpm-quoting-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

function request(changes: Partial<BatchRequest>): BatchRequest {
  return {
    jobName: 'ddpm-run',
    nodes: 1,
    gpusPerNode: 0,
    cpusPerNode: 1,
    options: [],
    warnSeconds: 60,
    logFile: '/runs/a/logs/slurm-%j.log',
    workingDirectory: '/home',
    command: ['true'],
    ...changes,
  };
}

/** The arguments that a command is given, written to a file of their own. */
function recorder(file: string): string[] {
  const program = 'require("node:fs").writeFileSync(process.argv[1], JSON.stringify(process.argv.slice(2)))';
  return ['-e', program, '--', file, ...AWKWARD_TEXTS];
}

test('a batch script runs its command with every awkward value as it was, and nothing else', (t) => {
  const file = join(scratch, 'batch.json');
  const script = batchScript(request({ command: [process.execPath, ...recorder(file)] }));
  execFileSync('bash', ['-c', script], { cwd: scratch });
  t.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [...AWKWARD_TEXTS]);
  t.false(existsSync(join(scratch, 'INJECTED')));
});

test('no value of a batch script becomes a line of it', (t) => {
  const plain = batchScript(request({})).split('\n').length;
  for (const text of AWKWARD_TEXTS) {
    for (const field of ['jobName', 'partition', 'time', 'logFile', 'workingDirectory'] as const) {
      const more = field === 'partition' || field === 'time' ? 1 : 0;
      const make = () => batchScript(request({ [field]: text }));
      // eslint-disable-next-line no-control-regex
      if (/[\u0000-\u001f\u007f]/.test(text))
        t.is(t.throws(make)?.message.includes('cannot be part of a batch script'), true, field);
      else t.is(make().split('\n').length, plain + more, `${field}: ${text}`);
    }
  }
});

test('the login shell of another host gives node every awkward value as it was', (t) => {
  const file = join(scratch, 'ssh.json');
  const line = { name: 'h', target: 'h', node: process.execPath };
  const { args } = sshReach(line, { hosts: [line], root: '/nowhere' }, recorder(file));
  execFileSync('sh', ['-c', args.at(-1)!], { cwd: scratch });
  t.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [...AWKWARD_TEXTS]);
  t.false(existsSync(join(scratch, 'INJECTED')));
});
