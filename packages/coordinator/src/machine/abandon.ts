import { recipients, send, type Turn } from './turn.js';

/** Gives up the step in progress; the state stays that of its beginning. */
export function abandonStep(turn: Turn, reason: string): void {
  const { state } = turn;
  const { generation, globalStep } = state;
  send(turn, recipients(state), { type: 'STEP_ABORT', generation, globalStep, runs: [], reason });
  // Members may hold part of a root that will never be whole: with a new generation they drop it.
  state.generation++;
  state.round = null;
  state.phase = 'waiting';
}
