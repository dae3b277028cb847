import test from 'ava';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineEnvironment, type EngineDescription, type EngineOptions } from '../src/index.js';
import { ensureInstalled } from './installed.js';

const PROCESS = fileURLToPath(new URL('./openProcess.js', import.meta.url));

interface Said {
  readonly description?: EngineDescription;
  readonly notices: readonly string[];
  readonly y?: readonly number[];
  readonly code?: string;
  readonly message?: string;
}

/** One process an engine: libtensorflow is opened once in a process, with the threads that it then has. */
function open(
  options: Partial<EngineOptions> & { inThread?: boolean },
  env: Record<string, string> = {},
): Said {
  const whole = { kind: 'auto', compiled: false, precision: 'float32', threads: 1, ...options };
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROCESS, JSON.stringify(whole)], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (!line || status !== 0) throw new Error(`the process ended with ${status}: ${stderr}`);
  return JSON.parse(line) as Said;
}

const NOWHERE = { DDPM_FLEET_HOME: '/nonexistent/ddpm-fleet' };
const SQUARED = [7, 10, 15, 22];

test.before(ensureInstalled);

test('auto is the installed TensorFlow, compiled or not', (t) => {
  for (const compiled of [true, false]) {
    const { description, notices, y } = open({ compiled });
    t.like(description, { kind: 'tensorflow', compiled, precision: 'float32', threads: 1 });
    t.regex(description!.version, /^2\.\d+\.\d+(\+ops\d+)?$/);
    t.is(description!.reason, undefined);
    t.deepEqual(notices, []);
    t.deepEqual(y, SQUARED);
  }
});

test('auto is wasm where TensorFlow is not installed, and says why, how much slower and what to do', (t) => {
  const { description, notices, y } = open({ compiled: true, threads: 4 }, NOWHERE);
  t.like(description, { kind: 'wasm', compiled: false, threads: 1, device: 'cpu' });
  t.is(notices.length, 1);
  t.regex(
    notices[0]!,
    /ten to twenty-five times slower.*not installed in \/nonexistent.*ddpm-fleet engine install/,
  );
  t.regex(description!.reason!, /not installed/);
  t.deepEqual(y, SQUARED);
});

test('tensorflow is an error where it is not installed', (t) => {
  const { code, message } = open({ kind: 'tensorflow' }, NOWHERE);
  t.is(code, 'DDPM_ERR_ENGINE_MISSING');
  t.regex(message!, /ddpm-fleet engine install/);
});

test('wasm is opened without a word where it is asked for', (t) => {
  const { description, notices } = open({ kind: 'wasm' }, NOWHERE);
  t.is(description!.kind, 'wasm');
  t.deepEqual(notices, []);
});

test('bfloat16 is refused where it could not be kept', (t) => {
  for (const options of [{ kind: 'wasm' }, { kind: 'tensorflow' }] as const) {
    t.is(open({ ...options, precision: 'bfloat16' }).code, 'DDPM_ERR_ENGINE_PRECISION');
  }
  t.is(
    open({ kind: 'auto', precision: 'bfloat16', compiled: true }, NOWHERE).code,
    'DDPM_ERR_ENGINE_PRECISION',
  );
});

test('it opens in a worker thread of a process that has the environment', (t) => {
  const { description, y } = open({ inThread: true, threads: 2 }, engineEnvironment({ threads: 2 }));
  t.like(description, { kind: 'tensorflow', threads: 2 });
  t.deepEqual(y, SQUARED);
  t.is(open({ kind: 'wasm', inThread: true }).description!.kind, 'wasm');
});

test('other threads than the process has are refused, by auto too', (t) => {
  const { code, message } = open({ kind: 'auto', threads: 2 }, engineEnvironment({ threads: 1 }));
  t.is(code, 'DDPM_ERR_ENGINE_THREADS');
  t.regex(message!, /gives TensorFlow 1 threads and 2 were asked for.*TF_NUM_INTRAOP_THREADS=2/);
  t.is(open({ inThread: true }, { TF_NUM_INTRAOP_THREADS: '' }).code, 'DDPM_ERR_ENGINE_THREADS');
});
