import { end, exitedWhileEnding, isStatement, replace, signalAll, stop } from './ending.js';
import type { Role } from './launchPlan.js';
import {
  ExitCode,
  type Decision,
  type LaunchOutcome,
  type ProcessEnded,
  type ProcessState,
  type Supervised,
  type Supervision,
  type SupervisionEvent,
  type SupervisionPolicy,
} from './supervision.js';

export function beginSupervision(processes: readonly { id: string; role: Role }[], now: number): Supervision {
  return {
    processes: processes.map(({ id, role }) => ({ id, role, status: 'waiting', restarts: 0, at: now })),
  };
}

/** What to do about one event: a pure function, so that every ending of a run can be tested without a process. */
export function supervise(
  state: Supervision,
  event: SupervisionEvent,
  policy: SupervisionPolicy,
): Supervised {
  switch (event.type) {
    case 'tick':
      return tick(state, event.now);
    case 'exited':
      return exited(state, event, policy);
    case 'stop':
      return stop(state, event, policy);
  }
}

/** When the next `tick` is due, or undefined while only an exit or a signal can change anything. */
export function nextWake(state: Supervision): number | undefined {
  const waiting = state.processes.filter((p) => p.status === 'waiting').map((p) => p.at);
  const times = state.ending ? [state.ending.killAt] : waiting;
  return times.length > 0 ? Math.min(...times) : undefined;
}

function tick(state: Supervision, now: number): Supervised {
  if (state.ending) {
    if (now < state.ending.killAt) return { state, decisions: [] };
    return {
      state: { ...state, ending: { ...state.ending, killAt: Infinity } },
      decisions: signalAll(state, 'SIGKILL'),
    };
  }
  const due = state.processes.filter((p) => p.status === 'waiting' && p.at <= now).map((p) => p.id);
  const processes = state.processes.map((p) =>
    due.includes(p.id) ? { ...p, status: 'running' as const, at: now } : p,
  );
  return { state: { ...state, processes }, decisions: due.map((id) => ({ type: 'start', id })) };
}

function exited(state: Supervision, event: ProcessEnded, policy: SupervisionPolicy): Supervised {
  const process = state.processes.find((p) => p.id === event.id)!;
  if (state.ending) return exitedWhileEnding(state, process, event, policy);
  return process.role === 'coordinator'
    ? coordinatorExited(state, process, event, policy)
    : workerExited(state, process, event, policy);
}

function coordinatorExited(
  state: Supervision,
  process: ProcessState,
  event: ProcessEnded,
  policy: SupervisionPolicy,
): Supervised {
  const { now, code, words } = event;
  if (code === ExitCode.done) {
    const outcome: LaunchOutcome = { kind: 'done', exitCode: 0, reason: 'the run is complete' };
    return end(replace(state, { ...process, status: 'left' }), outcome, now, policy);
  }
  if (isStatement(code)) {
    return giveUp(state, process, words ?? `the coordinator ended with exit code ${code}`, code, now, policy);
  }
  return restart(state, process, event, policy);
}

/** The last worker may be gone a moment before the coordinator of a run that is complete. */
const LEFT_PAUSE_MS = 1000;

/** Left with 0: somebody drained it on purpose; it comes back only where the run would starve. */
function workerExited(
  state: Supervision,
  process: ProcessState,
  event: ProcessEnded,
  policy: SupervisionPolicy,
): Supervised {
  const { now, code, words } = event;
  if (code === ExitCode.badInput)
    return giveUp(state, process, words ?? `${process.id} was refused`, code, now, policy);
  if (isHopeless(process, event)) {
    const why = `${words} (${process.id} ended so twice: starting it again does not help)`;
    return giveUp(state, process, why, ExitCode.failed, now, policy);
  }
  if (code !== ExitCode.done) return restart(state, process, event, policy);
  const left = replace(state, { ...process, status: 'left' });
  if (countable(left) >= policy.minWorkers) {
    return { state: left, decisions: [{ type: 'note', text: `${process.id} left the run` }] };
  }
  const back = replace(state, { ...process, status: 'waiting', at: now + LEFT_PAUSE_MS });
  const text = `${process.id} left the run, which needs it: it is started again in ${LEFT_PAUSE_MS} ms`;
  return { state: back, decisions: [{ type: 'note', text }] };
}

/** Enough to prepare the largest model and fail in its first step. */
const SAME_FAILURE_MS = 300_000;

/** It stated the failure that it had stated before, soon after it was started again. */
function isHopeless(process: ProcessState, { now, code, words }: ProcessEnded): boolean {
  const isSame = code === ExitCode.failed && words !== undefined && words === process.words;
  return isSame && now - process.at < SAME_FAILURE_MS;
}

function restart(
  state: Supervision,
  process: ProcessState,
  { now, code, words }: ProcessEnded,
  policy: SupervisionPolicy,
): Supervised {
  const inARow = now - process.at >= policy.stableMs ? 0 : process.restarts;
  if (inARow >= policy.maxRestarts) {
    const cause = words === undefined ? '' : `: ${words}`;
    const why = `${process.id} died ${inARow + 1} times in a row${cause}`;
    return giveUp(state, process, why, ExitCode.failed, now, policy);
  }
  const delayMs = backoffMs(inARow, policy);
  const { words: _, ...rest } = process;
  const stated = code === ExitCode.failed && words !== undefined ? { words } : {};
  const waiting: ProcessState = {
    ...{ ...rest, ...stated },
    ...{ status: 'waiting', restarts: inARow + 1, at: now + delayMs },
  };
  const when = delayMs === 0 ? 'now' : `in ${delayMs} ms`;
  const note: Decision = { type: 'note', text: `${process.id} died; it is started again ${when}` };
  const started = tick(replace(state, waiting), now);
  return { state: started.state, decisions: [note, ...started.decisions] };
}

export function backoffMs(restarts: number, policy: SupervisionPolicy): number {
  return restarts === 0 ? 0 : Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (restarts - 1));
}

/** `process` stays down. Without it the run may be unable to go on. */
function giveUp(
  state: Supervision,
  process: ProcessState,
  why: string,
  exitCode: number,
  now: number,
  policy: SupervisionPolicy,
): Supervised {
  const failed = replace(state, { ...process, status: 'failed' });
  const enough = process.role === 'worker' && countable(failed) >= Math.max(1, policy.minWorkers);
  if (enough)
    return { state: failed, decisions: [{ type: 'note', text: `${why}; the run goes on without it` }] };
  return end(failed, { kind: 'failed', exitCode, reason: why }, now, policy);
}

/** Workers that live or will. */
function countable(state: Supervision): number {
  return state.processes.filter(
    (p) => p.role === 'worker' && (p.status === 'running' || p.status === 'waiting'),
  ).length;
}
