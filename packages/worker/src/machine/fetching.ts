import { fleetError } from '@ddpm-fleet/core';
import {
  fingerprintText,
  ProtocolError,
  StateReceiver,
  type DataFrame,
  type MessageOf,
  type StateHeader,
} from '@ddpm-fleet/protocol';
import { CommitLog } from './commitLog.js';
import type { WorkerEventOf } from './events.js';
import { greet } from './greeting.js';
import { isIdle, type Arrivals, type DeviceCall, type Fetching, type Replica } from './state.js';
import { call, cancelNodes, fail, log, send, type Turn } from './turn.js';
import { beginWork } from './working.js';

/** Transfer number by which a checkpoint's state is asked of the coordinator. */
const CHECKPOINT_TRANSFER = 0;
/** States that may come damaged one after the other before this host is taken to be the one that damages them. */
const MAX_DAMAGED = 3;

export function onWelcome(turn: Turn, replica: Replica, { generation, state }: MessageOf<'WELCOME'>): void {
  const { phase } = turn.state;
  // An answer to an earlier HELLO: the one that is about to be said will get its own.
  if (phase.name === 'greeting' && !phase.isSaid) return;
  log(turn, 'info', 'welcome', { generation, ...state });
  cancelNodes(turn, replica);
  replica.commits.restart(generation, state.globalStep);
  const { from } = state;
  const transfer = from === 'peer' ? state.transfer : undefined;
  const arrivals: Arrivals = new Map('arrivals' in phase ? phase.arrivals : []);
  for (const other of arrivals.keys()) if (other !== transfer) arrivals.delete(other);
  const found = from === 'held' || from === 'seed' ? from : undefined;
  const fetching: Fetching = {
    name: 'fetching',
    replica,
    source: state,
    transfer,
    arrivals,
    found,
    isLoading: false,
  };
  turn.state.phase = fetching;
  if (from === 'checkpoint') turn.effects.push({ type: 'readCheckpoint', source: state });
  else collect(turn, fetching);
}

export function onCheckpointRead(turn: Turn, { source, state }: WorkerEventOf<'checkpointRead'>): void {
  const { phase } = turn.state;
  if (phase.name !== 'fetching' || phase.source.from !== 'checkpoint') return;
  const { globalStep, digest } = phase.source;
  if (globalStep !== source.globalStep || digest !== source.digest || phase.found) return;
  if (state) {
    phase.found = { state, fingerprint: undefined };
    return;
  }
  phase.transfer = CHECKPOINT_TRANSFER;
  send(turn, { type: 'STATE_REQUEST', transfer: CHECKPOINT_TRANSFER, globalStep });
}

export function onStateAnnounced(turn: Turn, phase: Fetching, message: MessageOf<'STATE'>): void {
  if (message.globalStep !== phase.source.globalStep) return;
  phase.transfer = message.transfer;
  receiver(phase.arrivals, message.transfer).announce(message);
  collect(turn, phase);
}

export function onStateFrame(turn: Turn, frame: DataFrame<StateHeader>): void {
  const { phase } = turn.state;
  if (!('arrivals' in phase)) return;
  receiver(phase.arrivals, frame.header.transfer).add(frame);
  if (phase.name === 'fetching') collect(turn, phase);
}

function receiver(arrivals: Arrivals, transfer: number): StateReceiver {
  let found = arrivals.get(transfer);
  if (!found) arrivals.set(transfer, (found = new StateReceiver(transfer)));
  return found;
}

/** Takes the transfer, if all of it is here. */
function collect(turn: Turn, phase: Fetching): void {
  const { arrivals, transfer, source } = phase;
  if (transfer === undefined || phase.found) return;
  try {
    const receiver = arrivals.get(transfer);
    if (!receiver?.isWhole || receiver.announcement?.globalStep !== source.globalStep) return;
    phase.found = { state: receiver.state(), fingerprint: receiver.announcement.fingerprint ?? undefined };
    arrivals.clear();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    onDamaged(turn, phase.replica, source.globalStep);
  }
}

/** Takes in what was found, once the device is idle. */
export function takeIn(turn: Turn, phase: Fetching): void {
  const { found, replica, source } = phase;
  if (!found || phase.isLoading || !isIdle(replica)) return;
  if (found === 'held') {
    if (replica.held?.globalStep === source.globalStep) beginWork(turn, replica);
    else greet(turn, replica);
    return;
  }
  phase.isLoading = true;
  replica.held = null;
  const { state, fingerprint } = found === 'seed' ? { state: found, fingerprint: undefined } : found;
  const asked: DeviceCall = { kind: 'load', globalStep: source.globalStep, fingerprint };
  call(turn, replica, asked, { type: 'load', state, fingerprint: fingerprint !== undefined });
}

export function onLoaded(
  turn: Turn,
  replica: Replica,
  { globalStep, fingerprint }: DeviceCall & { kind: 'load' },
  arrived: bigint | undefined,
): void {
  if (arrived !== undefined && fingerprintText(arrived) !== fingerprint)
    return onDamaged(turn, replica, globalStep);
  replica.damaged = 0;
  replica.held = { globalStep, log: new CommitLog() };
  const { phase } = turn.state;
  if (phase.name === 'fetching' && phase.isLoading) beginWork(turn, replica);
}

/** The state that came is not what its sender had. */
function onDamaged(turn: Turn, replica: Replica, globalStep: number): void {
  if (++replica.damaged === MAX_DAMAGED)
    return fail(turn, fleetError('DDPM_ERR_STATE_DAMAGED', { globalStep }));
  log(turn, 'error', 'the state that came is damaged; asking for another');
  greet(turn, replica);
}
