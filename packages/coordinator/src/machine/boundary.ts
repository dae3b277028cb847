import { abandonStep } from './abandon.js';
import { captureIfNeeded, donorOf } from './capture.js';
import { commitStep, isComplete, nonFiniteReason } from './commit.js';
import { leaseStep } from './leases.js';
import type { Round, State } from './state.js';
import { explain, leasable, log, peersBy, send, type Turn } from './turn.js';

/** Ends the step in progress if everything of it is there. Returns whether it did. */
export function concludeStep(turn: Turn): boolean {
  const { state } = turn;
  const round = state.round!;
  if (!isComplete(round)) return false;
  const bad = nonFiniteReason(round);
  if (bad !== null && !maySkip(turn, round, bad)) return true;
  commitStep(turn, bad);
  state.phase = 'waiting';
  return true;
}

function maySkip(turn: Turn, round: Round, reason: string): boolean {
  const { state } = turn;
  const { onNonFinite, maxNonFinite } = state.options;
  log(turn, 'error', `step ${round.globalStep}: ${reason}`);
  if (onNonFinite === 'skip' && ++state.losses.nonFinite <= maxNonFinite) return true;
  const limit = onNonFinite === 'skip' ? ` (${state.losses.nonFinite} steps were not finite)` : '';
  abandonStep(turn, reason);
  state.ending.stop = {
    reason: `step ${round.globalStep}: ${reason}${limit}`,
    since: state.now,
    failed: true,
  };
  return false;
}

/** No step is in progress: does what is done between steps, then begins the next one. */
export function atBoundary(turn: Turn): void {
  const { state } = turn;
  if (state.ending.stop || state.globalStep >= state.options.steps) {
    state.phase = 'finishing';
    if (!state.ending.finishing) state.checkpoint.failures = 0;
    state.ending.finishing ??= { since: state.now, capture: null };
    return;
  }
  const due = checkpointDue(state);
  askHeldOut(turn, due);
  captureIfNeeded(turn, { checkpoint: due, averages: averagesDue(state) });
  const ready = peersBy(state, 'active').length;
  if (ready < state.options.minWorkers || leasable(state).length === 0)
    explain(turn, waitingReason(state, ready));
  else if (shouldWaitForOthers(state))
    explain(turn, 'waiting a moment for workers that are about to be ready');
  else beginStep(turn);
}

/** A fleet that starts together should share its first step: it is the longest one, since it compiles. */
function shouldWaitForOthers(state: State): boolean {
  return (
    state.now < state.membership.patientUntil &&
    peersBy(state, 'fetching').some(({ source }) => source !== 'peer')
  );
}

function waitingReason(state: State, ready: number): string {
  const preparing = state.peers.size - ready;
  const others = preparing > 0 ? `, ${preparing} more on the way` : '';
  return `waiting for workers: ${ready} of ${state.options.minWorkers} are ready${others}`;
}

/** Whether the state of this boundary is to be saved; the last one is saved when the run finishes. */
function checkpointDue(state: State): boolean {
  const { options, checkpoint, globalStep, now } = state;
  if (checkpoint.saving || globalStep === checkpoint.lastStep || globalStep === 0) return false;
  if (checkpoint.wanted) return true;
  const { checkpointEverySteps } = options;
  if (checkpointEverySteps > 0 && globalStep % checkpointEverySteps === 0) return true;
  if (gridDue(state)) return true;
  return options.checkpointEveryMs > 0 && now - checkpoint.lastAt >= options.checkpointEveryMs;
}

/** A grid whose step fell into the writing of an older checkpoint is drawn of the first state that can be had after it. */
function gridDue({ options, checkpoint, globalStep }: State): boolean {
  const every = options.gridEverySteps ?? 0;
  if (every === 0 || globalStep < every) return false;
  const step = globalStep - (globalStep % every);
  return globalStep === step || step > Math.max(checkpoint.lastStep, checkpoint.askedStep);
}

/** Whether the power averages of this boundary are to be kept; those of a saved state are, already. */
function averagesDue({ options, checkpoint, globalStep }: State): boolean {
  const every = options.snapshotEverySteps ?? 0;
  if (every === 0 || globalStep === 0 || globalStep % every !== 0) return false;
  return globalStep !== checkpoint.averagesStep && globalStep !== checkpoint.lastStep;
}

/** Lets one worker compute the held-out loss, if it is time or the checkpoint that is made now is judged by it. */
export function askHeldOut(turn: Turn, saving: boolean): void {
  const { state } = turn;
  const { heldOutEvery, steps, judgeCheckpoints } = state.options;
  const { globalStep } = state;
  const { heldOut } = state.losses;
  if (heldOut.askedStep === globalStep) return;
  const isTime = heldOutEvery > 0 && (globalStep % heldOutEvery === 0 || globalStep === steps);
  if (!isTime && !(saving && judgeCheckpoints)) return;
  const worker = donorOf(state);
  if (!worker) return;
  heldOut.askedStep = globalStep;
  send(turn, worker.peer, { type: 'EVALUATE', globalStep, weights: 'raw' });
}

function beginStep(turn: Turn): void {
  const { state } = turn;
  const { bucketSizes } = state.options;
  const round: Round = {
    round: ++state.leases.rounds,
    globalStep: state.globalStep,
    startedAt: state.now,
    units: new Map(),
    openUnits: 0,
    owed: new Map(),
    buckets: bucketSizes.map(() => null),
    openBuckets: bucketSizes.length,
    images: null,
    badPartial: null,
    patience: 1,
    leasedAt: new Map(),
  };
  state.round = round;
  state.membership.patientUntil = 0;
  state.phase = 'stepping';
  turn.effects.push({ type: 'beginRound', round: round.round, globalStep: round.globalStep });
  leaseStep(turn);
}
