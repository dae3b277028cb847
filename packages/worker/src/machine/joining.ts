import { bucketsOf } from '@ddpm-fleet/core';
import { Commits } from './commits.js';
import type { Run, WorkerEventOf } from './events.js';
import { greet } from './greeting.js';
import { replicaOf } from './state.js';
import { StepClock } from './stepClock.js';
import { end, log, send, type Turn } from './turn.js';

export function onConnected(turn: Turn): void {
  turn.state.everConnected = true;
  introduce(turn, false);
}

/** Somebody listens who may not know this worker. @param forget what it holds is wrong */
export function introduce(turn: Turn, forget: boolean): void {
  const { state } = turn;
  const replica = replicaOf(state);
  if (replica) greet(turn, replica, forget);
  else if (state.phase.name === 'joining') send(turn, { type: 'JOIN', ...state.identity });
}

/** Once let in, a refusal comes from a coordinator that is not itself yet. */
export function onRefused(turn: Turn, reason: string): void {
  log(turn, 'error', reason);
  if (!turn.state.everConnected) end(turn, { exitCode: 2, reason });
}

export function onRun(turn: Turn, run: Run): void {
  const { state } = turn;
  const replica = replicaOf(state);
  if (replica) return greet(turn, replica);
  if (state.phase.name !== 'joining') return;
  state.phase = { name: 'preparing', run };
  turn.effects.push({ type: 'prepare', run });
}

export function onPrepared(turn: Turn, { facts }: WorkerEventOf<'prepared'>): void {
  const { now, phase } = turn.state;
  if (phase.name !== 'preparing') return;
  const { run } = phase;
  greet(turn, {
    run,
    facts,
    held: null,
    commits: new Commits(bucketsOf(facts.layout.size, run.config.fleet.bucketBytes)),
    call: null,
    nodes: new Map(),
    clock: new StepClock(now),
    damaged: 0,
    heardAt: now,
  });
}
