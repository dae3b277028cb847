import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '@ddpm-fleet/core';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const CODE = 'DDPM_NOTE_DATA_HELD_OUT';
/** More images held out than anybody would: the one thing about the data of this run that is noted. */
const NOTED = ['configs/quickstart.yaml', ...TINY, '--set', 'data.heldOut=512'];
const SAYS = /note: 512 of 1024 images \(50 %\) are held out .*\[DDPM_NOTE_DATA_HELD_OUT\]/;

const codes = (notes: readonly Note[]) => notes.map(({ code }) => code);

test.serial('a note is shown by data inspect and --dry-run, in text and in JSON', async (t) => {
  const inspected = await ddpmFleet(['data', 'inspect', ...NOTED]);
  t.is(inspected.code, 0, inspected.stderr);
  t.regex(inspected.stderr, SAYS);
  const dryJson = await ddpmFleet(['launch', ...NOTED, '--dry-run', '--json']);
  t.true(codes((JSON.parse(dryJson.stdout) as { notes: Note[] }).notes).includes(CODE));
});

test.serial('--strict refuses a note before anything starts, unless it is accepted', async (t) => {
  const dir = join(scratch(), 'run');
  for (const command of [
    ['data', 'prepare', ...NOTED],
    ['launch', ...NOTED, '--run-dir', dir],
  ]) {
    const refused = await ddpmFleet([...command, '--strict']);
    t.is(refused.code, 2, command.join(' '));
    t.regex(refused.stderr, /512 of 1024 images.*\[DDPM_ERR_STRICT\]/s);
  }
  t.false(existsSync(dir));
  const accepted = ['--strict', '--accept', CODE];
  t.is((await ddpmFleet(['data', 'inspect', ...NOTED, ...accepted])).code, 0);
  const typo = await ddpmFleet(['data', 'inspect', ...NOTED, '--strict', '--accept', 'HELD_OUT']);
  t.regex(typo.stderr, /HELD_OUT.*\[DDPM_ERR_NOTE_UNKNOWN\]/);
});

/** More steps than the chain has. */
const GRID = ['everySteps=2', 'count=1', 'sampleSteps=500'].flatMap((pair) => ['--set', `samples.${pair}`]);

test.serial('a note is said once at launch, kept in the run, and on the card of an export', async (t) => {
  const dir = join(scratch(), 'run');
  const args = [...NOTED, ...GRID, '--steps', '2', '--workers', '1', '--run-dir', dir];
  const run = await ddpmFleet(['launch', ...args]);
  t.is(run.code, 0, run.stderr);
  t.is(run.stderr.split(`[${CODE}]`).length, 2, run.stderr);
  const { notes } = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as { notes: Note[] };
  t.true(codes(notes).includes(CODE));
  t.true(codes(notes).includes('DDPM_NOTE_SAMPLE_STEPS'));
  t.true(existsSync(join(dir, 'samples', 'step-00000002.png')), run.stderr);
  const out = join(scratch(), 'export');
  t.is((await ddpmFleet(['export', dir, '--format', 'safetensors', '--out', out])).code, 0);
  t.regex(readFileSync(join(out, 'README.md'), 'utf8'), /## Noted[^#]*512 of 1024 images/);
});
