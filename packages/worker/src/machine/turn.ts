import { isFleetError } from '@ddpm-fleet/core';
import type { ControlMessage } from '@ddpm-fleet/protocol';
import type { WorkerEffect, WorkerEffectOf, WorkerEnd } from './effects.js';
import type { DeviceCall, Replica, WorkerState } from './state.js';

/** Length that the protocol grants a reason. */
const REASON_CHARS = 2000;

/** One event being handled: the state, which is changed in place, and the effects so far. */
export interface Turn {
  readonly state: WorkerState;
  readonly effects: WorkerEffect[];
}

export function send(turn: Turn, message: ControlMessage): void {
  turn.effects.push({ type: 'send', message });
}

export function log(
  turn: Turn,
  level: WorkerEffectOf<'log'>['level'],
  text: string,
  fields?: Record<string, unknown>,
): void {
  turn.effects.push({ type: 'log', level, text, ...(fields && { fields }) });
}

/** Asks the device for something; nothing else is asked of it until that is answered. */
export function call(turn: Turn, replica: Replica, asked: DeviceCall, effect: WorkerEffect): void {
  replica.call = asked;
  turn.effects.push(effect);
}

/** Calls off the slots under way; each node is answered all the same. */
export function cancelNodes(turn: Turn, { nodes }: Replica): void {
  if (nodes.size > 0) turn.effects.push({ type: 'cancel' });
}

export function end(turn: Turn, ended: WorkerEnd): void {
  const { phase } = turn.state;
  if ('replica' in phase) cancelNodes(turn, phase.replica);
  turn.state.phase = { name: 'over' };
  turn.effects.push({ type: 'exit', end: ended });
}

/** Gives the slots back and leaves. */
export function leave(turn: Turn, reason: string): void {
  send(turn, { type: 'LEAVE', reason, failed: false });
  end(turn, { exitCode: 0, reason });
}

export function fail(turn: Turn, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  log(turn, 'error', reason, { err: error });
  send(turn, { type: 'LEAVE', reason: reason.slice(0, REASON_CHARS), failed: true });
  end(turn, { exitCode: exitCodeOf(error), reason });
}

/** Sysexits' EX_TEMPFAIL: whoever started the worker may try again, for as long as it likes. */
const TRY_AGAIN = 75;

/** What the operating system refuses now it may grant later; any other failure will be the same again. */
function exitCodeOf(error: unknown): number {
  if (isFleetError(error)) return error.isTransient ? TRY_AGAIN : error.exitCode;
  return error instanceof Error && 'syscall' in error ? TRY_AGAIN : 1;
}
