import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLayout, philoxFill } from '@ddpm-fleet/core';
import { sampleSnapshot } from '../../src/conformance/sample.js';
import { checkpointDigest, openStore } from '../../src/index.js';

/** A state of 2.4 MB: long enough to write that most kills fall into a save. */
export const LAYOUT = makeLayout([
  { name: 'a', shape: [300, 256] },
  { name: 'b', shape: [170, 256] },
]);

export interface Tally {
  readonly kills: number;
  /** After how many kills a half-written checkpoint lay about. */
  readonly inSave: number;
  readonly lastStep: number;
}

/**
 * Kills a saving process `kills` times at random moments. After each, the newest checkpoint must load, be complete,
 * hold exactly what was saved under its step, and be no older than the last one that the process called durable.
 */
export async function killLoop(directory: string, kills: number, seed: number): Promise<Tally> {
  const waits = philoxFill({ seed, purpose: 0, counter: 0n }, new Uint32Array(kills));
  let inSave = 0;
  let durable = 0;
  for (let i = 0; i < kills; i++) {
    const untilSave = i % 2 === 0;
    durable = Math.max(durable, await runAndKill(directory, waits[i]! % (untilSave ? 4 : 60), untilSave));
    if (await isSaving(directory)) inSave++;
    await assertNewest(directory, durable);
  }
  return { kills, inSave, lastStep: durable };
}

async function isSaving(directory: string): Promise<boolean> {
  return (await readdir(directory)).some((name) => name.includes('.tmp-'));
}

/**
 * Waits for the first durable save, where asked to also for a next one to begin (on a busy machine few moments fall
 * into a save by chance), then a moment longer. Returns the last step that was called durable.
 */
async function runAndKill(directory: string, waitMs: number, untilSave: boolean): Promise<number> {
  const saver = fileURLToPath(new URL('./saver.js', import.meta.url));
  const child = spawn(process.execPath, [saver, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  if (child.exitCode !== null) throw new Error(`the saving process ended by itself with ${child.exitCode}`);
  while (untilSave && !(await isSaving(directory))) await sleep(1);
  await sleep(waitMs);
  child.kill('SIGKILL');
  await closed;
  return Number(printed.trim().split('\n').at(-1));
}

async function assertNewest(directory: string, durable: number): Promise<void> {
  const store = openStore(directory);
  const { name, digest, snapshot, skipped } = await store.load('newest');
  const { globalStep } = snapshot.state;
  const expected = sampleSnapshot(globalStep, 'usual', LAYOUT);
  if (skipped.length > 0) throw new Error(`${skipped[0]!.name} is damaged: ${skipped[0]!.problem}`);
  if (globalStep < durable) throw new Error(`${name} is the newest, but ${durable} was durable`);
  if (digest !== checkpointDigest(expected.state, LAYOUT)) throw new Error(`${name} is not what was saved`);
  const infos = await store.list();
  if (!infos.some(({ isLatest, problem }) => isLatest && problem === undefined)) {
    throw new Error('LATEST does not point at a whole checkpoint');
  }
}
