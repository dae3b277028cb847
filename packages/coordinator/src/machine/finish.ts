import type { MessageOf } from '@ddpm-fleet/protocol';
import { abandonStep } from './abandon.js';
import { askHeldOut } from './boundary.js';
import { captureIfNeeded, dropAllCaptures } from './capture.js';
import type { EventOf } from './events.js';
import { findCheckpoint } from './gather.js';
import { takeShare } from './shares.js';
import type { Peer } from './peer.js';
import type { State } from './state.js';
import { trustAlso } from './trust.js';
import { explain, journal, log, send, type Turn } from './turn.js';

/** Saves of the last state that may fail: with ever longer pauses between them, a quarter of a minute in all. */
const MAX_FAILURES = 5;
const FIRST_PAUSE_MS = 1000;
/** How many times the liveness limit replicas may take to say what they have in the end. */
const COMPARISON_PATIENCE = 20;

export function onStop(turn: Turn, { reason }: EventOf<'stop'>): void {
  const { state } = turn;
  if (state.phase === 'stopped') return;
  state.ending.stop ??= { reason, since: state.now, failed: false };
  explain(turn, `stopping: ${reason}`);
}

/** When the run is asked to end, a step that takes too long is given up: the state is that of its beginning. */
export function checkStop(turn: Turn): void {
  const { state } = turn;
  if (!state.ending.stop) return;
  const waitedMs = state.now - state.ending.stop.since;
  if (state.phase === 'stepping' && waitedMs > state.options.graceMs / 4)
    abandonStep(turn, state.ending.stop.reason);
  if (state.phase === 'gathering' && !state.ending.stop.failed)
    stopGathering(turn, state.ending.stop.reason, waitedMs);
}

/** Workers that hold a state which is not saved may be about to come back: a coordinator that died left them alone. */
function stopGathering(turn: Turn, reason: string, waitedMs: number): void {
  const { globalStep, origin, options } = turn.state;
  const { checkpoint } = origin.gathering!;
  if (globalStep === 0 || checkpoint?.globalStep === globalStep)
    return end(turn, `${reason}; no worker holds a state that is not saved`, false);
  if (waitedMs <= options.graceMs / 2) return;
  const newest = checkpoint
    ? `the newest checkpoint is of step ${checkpoint.globalStep}`
    : 'there is no checkpoint';
  end(turn, `${reason}; no worker brought the state of step ${globalStep}, and ${newest}`, false);
}

/** Saves the last state, then ends the run. */
export function finish(turn: Turn): void {
  const { state } = turn;
  const { checkpoint, globalStep } = state;
  const finishing = state.ending.finishing!;
  if (checkpoint.lastStep === globalStep || globalStep === 0) return conclude(turn);
  if (checkpoint.failures >= MAX_FAILURES)
    return end(turn, `the state at step ${globalStep} could not be saved`, false);
  const { stop } = state.ending;
  const { options } = state;
  if (stop && state.now - stop.since > options.graceMs)
    return end(turn, `${stop.reason}; no time was left to save step ${globalStep}`, false);
  if (checkpoint.saving || state.now < checkpoint.lastAt + pauseMs(checkpoint.failures)) return;
  if (areComparing(state)) return explain(turn, 'waiting until the replicas are compared');
  askHeldOut(turn, true);
  const averages = (options.snapshotEverySteps ?? 0) > 0;
  finishing.capture = captureIfNeeded(turn, { checkpoint: true, averages });
  explain(
    turn,
    finishing.capture === null ? 'waiting for a worker to save the last state' : `saving step ${globalStep}`,
  );
}

function pauseMs(failures: number): number {
  return failures === 0 ? 0 : FIRST_PAUSE_MS * 2 ** (failures - 1);
}

/** A state is not saved as the last one before it is known to be that of the others, unless that takes too long. */
function areComparing({ replicas, ending, options, now }: State): boolean {
  const { finishing, stop } = ending;
  const limitMs = Math.min(COMPARISON_PATIENCE * options.livenessMs, stop ? options.graceMs / 4 : Infinity);
  return replicas.fingerprints !== null && now - finishing!.since < limitMs;
}

function conclude(turn: Turn): void {
  const { ending, globalStep, options } = turn.state;
  const { stop } = ending;
  if (stop) end(turn, stop.reason, false);
  else end(turn, `step ${Math.min(globalStep, options.steps)} of ${options.steps} is done`, true);
}

export function end(turn: Turn, reason: string, completed: boolean): void {
  const { state } = turn;
  const { globalStep } = state;
  dropAllCaptures(turn, reason);
  journal(turn, { kind: 'end', globalStep, reason, completed });
  send(turn, [...state.peers.keys()], { type: 'SHUTDOWN', reason, completed });
  const nonFinite = state.ending.stop?.failed === true;
  const outcome = { completed, globalStep, reason, ...(nonFinite && { nonFinite }) };
  turn.effects.push({ type: 'finished', outcome });
  state.phase = 'stopped';
  explain(turn, reason);
}

export function onSaved(turn: Turn, { transfer, globalStep, digest }: EventOf<'saved'>): void {
  const { state } = turn;
  const { checkpoint, now } = state;
  if (transfer <= state.replicas.distrustedTransfers) {
    Object.assign(checkpoint, { saving: false, wanted: true });
    return log(turn, 'warn', `the checkpoint of step ${globalStep} cannot be trusted and will not be used`);
  }
  state.replicas.trust = trustAlso(state.replicas.trust, globalStep);
  Object.assign(checkpoint, { lastStep: globalStep, lastAt: now, saving: false, wanted: false, failures: 0 });
  journal(turn, { kind: 'checkpoint', globalStep, digest });
  if (state.origin.gathering) findCheckpoint(turn);
  log(turn, 'info', `checkpoint of step ${globalStep}`, { globalStep, digest });
}

/** A member wrote its share of a checkpoint, or could not. */
export function onCheckpointWritten(turn: Turn, peer: Peer, message: MessageOf<'CHECKPOINT_WRITTEN'>): void {
  const reason = takeShare(turn, peer, message);
  if (reason !== undefined) onSaveFailed(turn, { globalStep: message.globalStep, reason });
}

/** Training goes on; the next boundary that asks for a checkpoint tries again. */
export function onSaveFailed(
  turn: Turn,
  { globalStep, reason }: Pick<EventOf<'saveFailed'>, 'globalStep' | 'reason'>,
): void {
  const { checkpoint, now } = turn.state;
  checkpoint.saving = false;
  checkpoint.wanted = false;
  checkpoint.lastAt = now;
  checkpoint.failures++;
  journal(turn, { kind: 'checkpointFailed', globalStep, reason });
  log(turn, 'error', `the checkpoint of step ${globalStep} failed: ${reason}`, { globalStep });
}
