import type { ControlMessage, MessageOf } from '@ddpm-fleet/protocol';
import { onState, onStateRequest } from './capture.js';
import { checkGivenState, onFingerprint } from './fingerprints.js';
import { onCommits } from './gather.js';
import { onHeartbeat, onHello, onJoin, onLeave, onReady } from './joining.js';
import { exclude } from './leaving.js';
import type { Peer } from './peer.js';
import { onCheckpointWritten } from './finish.js';
import { shapeProblem } from './stateShape.js';
import { journal, send, type Turn } from './turn.js';

/** Takes in a control message. Returns whether it can lead to a decision. */
export function onMessage(turn: Turn, peer: string, message: ControlMessage): boolean {
  const known = turn.state.peers.get(peer);
  if (known) known.lastSeen = turn.state.now;
  switch (message.type) {
    case 'JOIN':
      onJoin(turn, peer, message);
      return true;
    case 'HELLO':
      onHello(turn, peer, message);
      return true;
  }
  if (known) return onMemberMessage(turn, known, message);
  if (message.type !== 'LEAVE') askStranger(turn, peer);
  return false;
}

/** Once a while: many messages of one stranger may come at the same time. */
function askStranger(turn: Turn, peer: string): void {
  const { now, membership, options } = turn.state;
  const { strangers } = membership;
  if (now - (strangers.get(peer) ?? -Infinity) < 2 * options.heartbeatMs) return;
  if (strangers.size >= 4 * options.maxWorkers) strangers.clear();
  strangers.set(peer, now);
  send(turn, peer, { type: 'HELLO_AGAIN', forget: false });
}

function onMemberMessage(turn: Turn, peer: Peer, message: ControlMessage): boolean {
  switch (message.type) {
    case 'READY':
      onReady(turn, peer, message);
      break;
    case 'HEARTBEAT':
      return onHeartbeat(turn, peer, message);
    case 'STATE':
      onStateMessage(turn, peer, message);
      break;
    case 'STATE_REQUEST':
      onStateRequest(turn, peer, message);
      break;
    case 'CHECKPOINT_WRITTEN':
      onCheckpointWritten(turn, peer, message);
      break;
    case 'FINGERPRINT':
      return onFingerprint(turn, peer, message);
    case 'EVALUATED':
      onEvaluated(turn, message);
      break;
    case 'COMMITS':
      onCommits(turn, peer, message);
      break;
    case 'LEAVE':
      onLeave(turn, peer, message);
      break;
  }
  return true;
}

/** Sizes are checked before anybody takes memory for them. */
function onStateMessage(turn: Turn, peer: Peer, message: MessageOf<'STATE'>): void {
  const problem = shapeProblem(message.sections, turn.state.options);
  if (problem !== undefined)
    return exclude(turn, peer, 'state', `it sent what is no state of this run: ${problem}`);
  if (checkGivenState(turn, peer, message)) onState(turn, peer, message);
}

function onEvaluated(turn: Turn, { globalStep, weights, loss }: MessageOf<'EVALUATED'>): void {
  const { heldOut } = turn.state.losses;
  if (globalStep !== heldOut.askedStep) return;
  heldOut.step = globalStep;
  heldOut.loss = loss;
  journal(turn, { kind: 'heldOut', globalStep, weights, loss });
  turn.effects.push({ type: 'observeHeldOut', globalStep, loss });
}
