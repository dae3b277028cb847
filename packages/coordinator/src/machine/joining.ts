import type { MessageOf } from '@ddpm-fleet/protocol';
import { checkFirstFingerprint } from './fingerprints.js';
import { demote, expel, lose, reject } from './leaving.js';
import { refusal } from './refusal.js';
import type { Peer } from './peer.js';
import { journal, log, type Turn } from './turn.js';

/** A process asks what the run is. */
export function onJoin(turn: Turn, peer: string, { workerId, host, pid }: MessageOf<'JOIN'>): void {
  meet(turn, peer, { workerId, host, pid });
  turn.effects.push({ type: 'introduce', to: peer });
}

/** A worker that is prepared: it is refused, or waits to be let in. */
export function onHello(turn: Turn, peer: string, hello: MessageOf<'HELLO'>): void {
  const { state } = turn;
  const known = meet(turn, peer, hello);
  if (known.status === 'fetching' || known.status === 'active') demote(turn, known, 'it said HELLO again');
  const refused = refusal(state, known, hello);
  if (refused) {
    reject(turn, known, refused.code, refused.reason);
    return;
  }
  known.status = 'waiting';
  known.deviceKind = hello.deviceKind;
  known.held = hello.held;
}

/**
 * The worker's data plane says whose it is. A member whose plane was connected anew may have lost frames both ways
 * without either end knowing which: it starts over with what it holds.
 */
export function onAttach(turn: Turn, peer: string, connection: number): void {
  const { membership, options, peers } = turn.state;
  const { attached } = membership;
  const known = peers.get(peer);
  const isMember = known?.status === 'fetching' || known?.status === 'active';
  if (known && isMember && known.attached !== connection)
    expel(turn, known, 'its data plane was connected anew', false);
  else if (known) known.attached = connection;
  if (!peers.has(peer) && attached.size < 4 * options.maxWorkers) attached.set(peer, connection);
}

function meet(turn: Turn, peer: string, who: { workerId: string; host: string; pid: number }): Peer {
  const { state } = turn;
  const { workerId, host, pid } = who;
  const known = state.peers.get(peer);
  if (known) return known;
  const before = [...state.peers.values()].find((one) => one.workerId === workerId);
  if (before) lose(turn, before, 'another process of that name came');
  const fresh: Peer = {
    peer,
    workerId,
    host,
    pid,
    status: 'preparing',
    lastSeen: state.now,
    attached: state.membership.attached.get(peer) ?? null,
    deviceKind: '',
    held: null,
    source: null,
    delivered: false,
    fromStep: 0,
    lag: 0,
    slotMs: 0,
    note: '',
  };
  state.membership.attached.delete(peer);
  state.peers.set(peer, fresh);
  return fresh;
}

/** The member holds its state: it takes part from now on. */
export function onReady(turn: Turn, peer: Peer, ready: MessageOf<'READY'>): void {
  const { state } = turn;
  if (peer.status !== 'fetching') return;
  // Commits that were on their way when the run went back took it beyond: it says anew what it holds.
  if (ready.globalStep > state.globalStep)
    return expel(
      turn,
      peer,
      `it is ready at step ${ready.globalStep}, the run is at ${state.globalStep}`,
      false,
    );
  if (!checkFirstFingerprint(turn, peer, ready)) return;
  peer.status = 'active';
  peer.lag = Math.max(0, state.globalStep - ready.globalStep);
  state.generation++;
  const { workerId: worker, host, pid, deviceKind } = peer;
  const isNew = deviceKind !== state.membership.deviceKind;
  state.membership.deviceKind = deviceKind;
  const { generation } = state;
  journal(turn, { kind: 'joined', worker, host, pid, generation, ...(isNew && { deviceKind }) });
  log(turn, 'info', `${worker} joined`, { worker, host, pid, globalStep: state.globalStep });
}

export function onLeave(turn: Turn, peer: Peer, { reason, failed }: MessageOf<'LEAVE'>): void {
  lose(turn, peer, failed ? `it failed: ${reason}` : reason);
}

/** Commits that a worker may be behind before it is sent nothing more. */
const MAX_LAG = 64;

/** Returns whether something can be decided that could not before. */
export function onHeartbeat(turn: Turn, peer: Peer, { globalStep, note }: MessageOf<'HEARTBEAT'>): boolean {
  peer.note = note ?? '';
  if (peer.status !== 'active') return false;
  const before = peer.lag;
  peer.lag = Math.max(0, turn.state.globalStep - globalStep);
  if (peer.lag > MAX_LAG) {
    expel(turn, peer, `it is ${peer.lag} commits behind`, false);
    return true;
  }
  return turn.state.phase === 'waiting' && peer.lag < before;
}
