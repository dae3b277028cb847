import { goodput, type Parts } from '@ddpm-fleet/telemetry';
import type { RunHistory } from './runHistory.js';

/** What a run came to. */
export interface RunFacts {
  readonly name: string;
  readonly runId: string;
  readonly state: 'complete' | 'ended before' | 'running or cut off';
  readonly globalStep: number;
  readonly targetSteps: number;
  /** Mean over the newest hundredth of the steps. */
  readonly loss: number | null;
  readonly heldOutLoss: number | null;
  readonly lowestHeldOutLoss: number | null;
  readonly images: number;
  readonly wallSeconds: number;
  readonly workers: number;
  readonly losses: number;
  readonly rewinds: number;
  readonly coordinatorStarts: number;
  readonly goodput: number | null;
  readonly digest: string | null;
}

export function factsOf(history: RunHistory): RunFacts {
  const { config, record, loss, heldOut, checkpoints, spells, rewinds, starts, end } = history;
  const globalStep = Math.max(-1, ...lastOf(loss.keys())) + 1;
  const held = [...heldOut.values()].filter((value) => value !== null);
  const parts: Parts = history.times.at(-1)?.parts ?? {};
  return {
    name: config.name,
    runId: record.runId,
    state: end === undefined ? 'running or cut off' : end.completed ? 'complete' : 'ended before',
    globalStep,
    targetSteps: config.train.steps,
    loss: meanOfNewest([...loss.values()]),
    heldOutLoss: held.at(-1) ?? null,
    lowestHeldOutLoss: held.length > 0 ? held.reduce((low, value) => Math.min(low, value)) : null,
    images: history.committed * config.batch.numSlots * config.batch.slotBatchSize,
    wallSeconds: Math.max(0, (history.newest - history.began) / 1000),
    workers: new Set(spells.map(({ worker }) => worker)).size,
    losses: spells.filter(({ until, reason }) => until !== null && reason !== end?.reason).length,
    rewinds: rewinds.length,
    coordinatorStarts: starts.length,
    goodput: history.times.length > 0 ? goodput(parts) : null,
    digest: checkpoints.at(-1)?.digest ?? null,
  };
}

function lastOf(keys: Iterable<number>): number[] {
  let last: number | undefined;
  for (const key of keys) last = key;
  return last === undefined ? [] : [last];
}

function meanOfNewest(values: readonly (number | null)[]): number | null {
  const newest = values.slice(-Math.ceil(values.length / 100)).filter((value) => value !== null);
  return newest.length === 0 ? null : newest.reduce((sum, value) => sum + value, 0) / newest.length;
}
