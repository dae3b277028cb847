import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStaleDirectories, withSavedModel } from '../../src/compile/directory.js';
import { Session } from '../../src/compile/session.js';
import { openTensorflow } from '../../src/backends/tensorflow/open.js';
import { ensureInstalled } from '../installed.js';
import { oneProgram, openCompiled, runOnce } from './engines.js';

function ours(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`ddpm-fleet-graph-${process.pid}-`));
}

/** A process id that no process has any more. */
function pastPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

test.serial('a SavedModel lies in a directory of its own, as long as it is used', (t) => {
  const directory = withSavedModel(Uint8Array.of(1, 2, 3), (dir) => {
    t.deepEqual([...readFileSync(join(dir, 'saved_model.pb'))], [1, 2, 3]);
    return dir;
  });
  t.false(existsSync(directory));
});

test.serial('a temporary directory that takes nothing is named, with what to do about it', (t) => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = '/dev/null';
  t.teardown(() => (before === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before)));
  t.throws(() => withSavedModel(Uint8Array.of(1), () => t.fail()), {
    code: 'DDPM_ERR_ENGINE_TEMP',
    message: /^\/dev\/null takes no files \(ENOTDIR.*set TMPDIR/,
  });
});

test.serial('it is removed when TensorFlow does not take it', async (t) => {
  await ensureInstalled();
  const options = { kind: 'tensorflow', compiled: true, precision: 'float32', threads: 1 } as const;
  const { backend } = await openTensorflow(options);
  const load = (): unknown =>
    withSavedModel(Uint8Array.of(1, 2, 3), (dir) => new Session(backend.binding, dir));
  t.throws(load, { message: /SavedModel/ });
  t.deepEqual(ours(), []);
});

test.serial('loading a module leaves nothing behind', async (t) => {
  const { y } = await runOnce(
    await openCompiled(),
    oneProgram({}, () => ({ y: tf.tensor1d([1, 2]) })),
  );
  t.deepEqual(y, new Float32Array([1, 2]));
  t.deepEqual(ours(), []);
});

test.serial('what a killed process has left is removed, and nothing of a living one', (t) => {
  const [dead, alive] = [pastPid(), process.pid].map((pid) => {
    const dir = mkdtempSync(join(tmpdir(), `ddpm-fleet-graph-${pid}-`));
    writeFileSync(join(dir, 'saved_model.pb'), 'x');
    return dir;
  });
  removeStaleDirectories();
  t.false(existsSync(dead!));
  t.true(existsSync(alive!));
  rmSync(alive!, { recursive: true });
});
