import type { MessageOf } from '@ddpm-fleet/protocol';
import { onStateAnnounced, onWelcome } from './fetching.js';
import type { WorkerEventOf } from './events.js';
import { introduce } from './joining.js';
import type { ShareQuestion } from './requests.js';
import { replicaOf, type Replica, type Working } from './state.js';
import { end, leave, send, type Turn } from './turn.js';
import { onAbort, onCommit, onLease } from './working.js';

type Message = WorkerEventOf<'message'>['message'];

export function onMessage(turn: Turn, message: Message): void {
  const { state } = turn;
  if ('generation' in message) state.generation = Math.max(state.generation, message.generation);
  switch (message.type) {
    case 'HELLO_AGAIN':
      return introduce(turn, message.forget);
    case 'REJECT':
      return end(turn, { exitCode: 2, reason: message.reason });
    case 'SHUTDOWN':
      return end(turn, { exitCode: message.completed ? 0 : 1, reason: message.reason });
    case 'DRAIN':
      return leave(turn, message.reason);
    default: {
      const replica = replicaOf(state);
      if (replica) toReplica(turn, replica, message);
    }
  }
}

/** What only a prepared worker is told. */
function toReplica(turn: Turn, replica: Replica, message: Message): void {
  const { phase } = turn.state;
  switch (message.type) {
    case 'WELCOME':
      return onWelcome(turn, replica, message);
    case 'STATE':
      return phase.name === 'fetching' ? onStateAnnounced(turn, phase, message) : undefined;
    case 'STEP_ABORT':
      return onAbort(turn, replica, message);
    case 'STEP_COMMIT':
      return onCommit(turn, replica, message);
    case 'COMMITS_REQUEST':
      return send(turn, { type: 'COMMITS', lines: replica.held?.log.since(message.from) ?? [] });
    default:
      if (phase.name === 'working') toWorking(phase, message);
  }
}

/** What is leased and asked before WELCOME and its state are here is of another time. */
function toWorking(phase: Working, message: Message): void {
  switch (message.type) {
    case 'STEP_BEGIN':
      return onLease(phase, message);
    case 'STATE_REQUEST': {
      const { globalStep, transfer } = message;
      return phase.requests.add({ kind: 'state', globalStep, transfer });
    }
    case 'CHECKPOINT_REQUEST':
      return phase.requests.add(shareQuestion(message));
    case 'EVALUATE': {
      const { globalStep, weights } = message;
      return phase.requests.add({ kind: 'evaluate', globalStep, weights });
    }
  }
}

function shareQuestion(message: MessageOf<'CHECKPOINT_REQUEST'>): ShareQuestion {
  const { transfer, globalStep, ticket, share, meta } = message;
  return { kind: 'share', transfer, globalStep, ticket, share, meta };
}
