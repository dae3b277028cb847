import {
  ExitCode,
  type Decision,
  type LaunchOutcome,
  type ProcessState,
  type Supervised,
  type Supervision,
  type SupervisionPolicy,
} from './supervision.js';

/** A second wish to stop is impatience. */
export function stop(
  state: Supervision,
  { now, reason }: { now: number; reason: string },
  policy: SupervisionPolicy,
): Supervised {
  if (!state.ending) return end(state, { kind: 'stopped', exitCode: 0, reason }, now, policy);
  return {
    state: { ...state, ending: { ...state.ending, killAt: Infinity } },
    decisions: signalAll(state, 'SIGKILL'),
  };
}

/**
 * Begins the end of a run. The coordinator comes first: workers hold the state, and only it can have it saved. One that
 * is about to be started again is started for that, at once.
 */
export function end(
  state: Supervision,
  outcome: LaunchOutcome,
  now: number,
  policy: SupervisionPolicy,
): Supervised {
  const isNeeded = ({ role }: ProcessState): boolean => role === 'coordinator' && workersRun(state);
  const due = state.processes.find((p) => p.status === 'waiting' && isNeeded(p));
  const processes = state.processes.map((p) => {
    if (p.status !== 'waiting') return p;
    return p === due ? { ...p, status: 'running' as const, at: now } : { ...p, status: 'left' as const };
  });
  const ending: Supervision = { processes, ending: { outcome, killAt: now + policy.graceMs } };
  if (due) return { state: ending, decisions: [{ type: 'start', id: due.id }] };
  const finish = finishIfOver(ending);
  if (finish.length > 0) return { state: ending, decisions: finish };
  const coordinator = processes.find((p) => p.role === 'coordinator' && p.status === 'running');
  const decisions: Decision[] = coordinator
    ? [{ type: 'signal', id: coordinator.id, signal: 'SIGTERM' }]
    : signalAll(ending, 'SIGTERM');
  return { state: ending, decisions };
}

/**
 * A coordinator that crashes while the run ends leaves the state with the workers: it is started again to save it, for
 * as long as the grace period lasts. One that ended in order lets them go.
 */
export function exitedWhileEnding(
  before: Supervision,
  process: ProcessState,
  { now, code }: { now: number; code: number | null },
  policy: SupervisionPolicy,
): Supervised {
  const isCoordinator = process.role === 'coordinator';
  const crashed = code !== ExitCode.done && !isStatement(code);
  const again = isCoordinator && crashed && process.restarts < policy.maxRestarts;
  if (again && now < before.ending!.killAt && before.ending!.killAt !== Infinity && workersRun(before)) {
    const restarts = process.restarts + 1;
    const state = replace(before, { ...process, status: 'running', restarts, at: now });
    const text = `${process.id} died; it is started again to save what the workers hold`;
    return {
      state,
      decisions: [
        { type: 'note', text },
        { type: 'start', id: process.id },
      ],
    };
  }
  const state = replace(before, { ...process, status: 'left' });
  const finish = finishIfOver(state);
  if (finish.length > 0) return { state, decisions: finish };
  return { state, decisions: isCoordinator ? signalAll(state, 'SIGTERM') : [] };
}

function finishIfOver(state: Supervision): Decision[] {
  const over = state.ending && !state.processes.some((p) => p.status === 'running');
  return over ? [{ type: 'finish', outcome: state.ending!.outcome }] : [];
}

export function signalAll(state: Supervision, signal: 'SIGTERM' | 'SIGKILL'): Decision[] {
  return state.processes
    .filter((p) => p.status === 'running')
    .map(({ id }) => ({ type: 'signal', id, signal }));
}

export function replace(state: Supervision, process: ProcessState): Supervision {
  return { ...state, processes: state.processes.map((p) => (p.id === process.id ? process : p)) };
}

/** Not a crash: the process said how it ended. */
export function isStatement(code: number | null): code is 1 | 2 {
  return code === ExitCode.failed || code === ExitCode.badInput;
}

function workersRun(state: Supervision): boolean {
  return state.processes.some((p) => p.role === 'worker' && p.status === 'running');
}
