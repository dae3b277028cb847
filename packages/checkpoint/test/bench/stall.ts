/**
 * `npm run bench [-- --json]`: how long a step waits for a save of 36 million parameters (params, two moments, one EMA:
 * 572 MB), against one copy of that state and against a save that the step waits for.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLayout, type TrainState } from '@ddpm-fleet/core';
import { sampleSnapshot } from '../../src/conformance/sample.js';
import { AsyncSaver, buffersOf, emptyLike, openStore, type Snapshot } from '../../src/index.js';

const PARAMETERS = 35_746_307;
const TENSORS = 328;
const ROUNDS = 3;
const STEPS_BETWEEN_SAVES = 500;

function bigSnapshot(): Snapshot {
  const each = Math.floor(PARAMETERS / TENSORS);
  const layout = makeLayout(
    Array.from({ length: TENSORS }, (_, i) => ({
      name: `tensor_${i}`,
      shape: [i < TENSORS - 1 ? each : PARAMETERS - each * (TENSORS - 1)],
    })),
  );
  const { state, ...rest } = sampleSnapshot(1, 'usual', layout);
  return { ...rest, state: { ...state, emas: state.emas.slice(1), derived: [] } };
}

async function timed(act: () => unknown): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

function copyInto(target: TrainState, source: TrainState): void {
  const targets = buffersOf(target);
  buffersOf(source).forEach((values, i) => targets[i]!.set(values));
}

async function measureSync(directory: string, snapshot: Snapshot): Promise<number> {
  const store = openStore(directory);
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) times.push(await timed(() => store.publish(snapshot)));
  return median(times);
}

/**
 * Copies and saves in turn, so that both meet the same machine. The first round is apart: it fills fresh memory.
 * `longestGapMs`: for how long the event loop stood still while the thread saved.
 */
async function measureStall(directory: string, snapshot: Snapshot): Promise<Record<string, number>> {
  const saver = new AsyncSaver(directory);
  const target = emptyLike(snapshot.state, (length) => new Float32Array(length));
  const [copies, stalls, besides]: [number[], number[], number[]] = [[], [], []];
  let longestGapMs = 0;
  for (let i = 0; i <= 2 * ROUNDS; i++) {
    copies.push(await timed(() => copyInto(target, snapshot.state)));
    let done: Promise<unknown> | undefined;
    stalls.push(await timed(async () => ({ done } = await saver.save(snapshot))));
    let last = performance.now();
    const beat = setInterval(() => {
      longestGapMs = Math.max(longestGapMs, performance.now() - last);
      last = performance.now();
    }, 1);
    besides.push(await timed(() => done));
    clearInterval(beat);
  }
  await saver.close();
  const [firstCopyMs, firstStallMs] = [copies.shift()!, stalls.shift()!];
  const medians = { copyMs: median(copies), stallMs: median(stalls), besideMs: median(besides) };
  return { firstCopyMs, firstStallMs, ...medians, longestGapMs };
}

const directory = await mkdtemp(join(tmpdir(), 'ddpm-fleet-bench-'));
try {
  const snapshot = bigSnapshot();
  const stateBytes = buffersOf(snapshot.state).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const syncMs = await measureSync(directory, snapshot);
  const saving = await measureStall(directory, snapshot);
  const loadMs = await timed(() => openStore(directory).load('newest'));
  const listMs = await timed(() => openStore(directory).list());
  const figures = { stateBytes, syncMs, ...saving, loadMs, listMs };
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
  else report(figures);
} finally {
  await rm(directory, { recursive: true, force: true });
}

function report(figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(14)} ${value.toFixed(1)}`);
  const { stallMs, copyMs, firstStallMs, firstCopyMs, syncMs } = figures;
  const ratio = (a: number | undefined, b: number | undefined): string => (a! / b!).toFixed(2);
  console.log(
    `stall / one copy: ${ratio(stallMs, copyMs)} (first save, fresh memory: ${ratio(firstStallMs, firstCopyMs)})`,
  );
  console.log(`synchronous save / stall: ${ratio(syncMs, stallMs)}`);
  for (const stepMs of [100, 1600]) {
    const share = (100 * stallMs!) / (STEPS_BETWEEN_SAVES * stepMs);
    console.log(
      `share of the time, a save every ${STEPS_BETWEEN_SAVES} steps of ${stepMs} ms: ${share.toFixed(3)} %`,
    );
  }
}
