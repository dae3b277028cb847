import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAverages, openStore } from '@ddpm-fleet/checkpoint';
import { configYaml, loadConfig } from '@ddpm-fleet/config';
import { makeLayout } from '@ddpm-fleet/core';
import { initParams, unetParams } from '@ddpm-fleet/model';
import { unetConfigOf } from '@ddpm-fleet/trainer';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const STEPS = 12;

/** Snapshots of a run and its last checkpoint, without the run: averages move from one set of weights to another. */
async function store(): Promise<string> {
  const settings = TINY.filter((word) => word !== '--set');
  const config = loadConfig({
    env: {},
    set: [...settings, 'data.heldOut=4', 'ema.power=[0.05,0.1]', 'ema.decays=[]'],
  });
  const specs = unetParams(unetConfigOf(config, { size: 8, channels: 3 }));
  const layout = makeLayout(specs);
  const from = initParams(specs, 1);
  // The last layer begins with zeros, and would hide the others.
  const to = from.map((value, i) => value + 0.05 * Math.sin(i));
  const zeros = new Float32Array(layout.size);
  const dir = join(scratch(), 'checkpoints');
  const meta = {
    ...{ runId: 'swept', createdAt: '2026-01-02T03:04:05.000Z', identity: {}, identityHash: 'ab'.repeat(32) },
    ...{ datasetHash: 'ab'.repeat(32), engine: {}, configYaml: configYaml(config), losses: {} },
  };
  for (let globalStep = 1; globalStep <= STEPS; globalStep++) {
    const mixed = (share: number) => from.map((value, i) => value + share * (to[i]! - value));
    const emas = [0.05, 0.1].map((relativeStd) => ({
      relativeStd,
      values: mixed((globalStep / STEPS) * (1 - relativeStd)),
    }));
    const state = { globalStep, params: to, optimizer: { m: zeros, v: zeros }, emas, derived: [] };
    await openAverages(dir).publish({ state, layout, meta }, 'float32');
    if (globalStep === STEPS) await openStore(dir).publish({ state, layout, meta });
  }
  return join(dir, `step-000000${STEPS}`);
}

interface Results {
  readonly values: Record<string, number>;
}

test('a sweep cut off goes on where it was, its figures are those of any number of workers, and the best is exported', async (t) => {
  const target = await store();
  const out = join(scratch(), 'sweep');
  const args = ['ema', 'sweep', target, '--std', '0.05:0.12', '--widths', '3', '--out', out];
  const first = await ddpmFleet([...args, '--workers', '2']);
  t.is(first.code, 0, first.stderr);
  const path = join(out, 'results.json');
  const read = (): Results => JSON.parse(readFileSync(path, 'utf8')) as Results;
  const { values } = read();
  t.deepEqual(Object.keys(values), ['ema-std-0.05', 'ema-std-0.0775', 'ema-std-0.12', 'raw']);
  t.true(Object.values(values).every((value) => value > 0) && new Set(Object.values(values)).size === 4);
  const { raw: _, 'ema-std-0.0775': __, ...left } = values;
  writeFileSync(path, JSON.stringify({ ...read(), values: left }));
  const again = await ddpmFleet([...args, '--workers', '1', '--json']);
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /2 of 4 were judged before/);
  t.deepEqual(read().values, values, 'to the bit');
  const { best, rows, files } = JSON.parse(again.stdout) as Record<string, never> & {
    files: string[];
  };
  t.is((rows as { name: string }[]).length, 4);
  const widths = Object.entries(values).filter(([name]) => name !== 'raw');
  t.is(`ema-std-${best as number}`, widths.toSorted(([, a], [, b]) => a - b)[0]![0]);
  for (const file of files) t.true(existsSync(file), file);
});
