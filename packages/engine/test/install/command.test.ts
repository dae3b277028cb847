import test from 'ava';
import { spawnSync } from 'node:child_process';
import { lastLines, runCommand } from '../../src/install/command.js';

test('a program ends with its code and what it said', async (t) => {
  const result = await runCommand('sh', ['-c', 'echo out; echo one >&2; echo two >&2; exit 3']);
  t.deepEqual(result, { code: 3, stdout: 'out\n', stderr: 'one\ntwo\n', missing: false });
  t.is(lastLines(result, 1), 'two');
});

test('a program that takes too long is ended', async (t) => {
  const result = await runCommand('sleep', ['60'], { timeoutMs: 50 });
  t.is(result.code, -1);
  t.regex(result.stderr, /SIGTERM/);
});

test('a program that does not exist is said to be missing, and keeps nobody from ending', (t) => {
  const command = new URL('../../src/install/command.js', import.meta.url).href;
  const code = `const { runCommand } = await import('${command}');
    console.log((await runCommand('/no/program', [], { timeoutMs: 600_000 })).missing);`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  t.is(stdout, 'true\n');
  t.is(signal, null);
});
