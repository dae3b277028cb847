import type { Part, Parts } from '@ddpm-fleet/telemetry';
import type { Event, Peer, State } from '../machine/index.js';
import { Seat } from './seat.js';

/** What an earlier life of the coordinator counted. */
export interface Counted {
  readonly workers: Readonly<Record<string, Parts>>;
  readonly globalStep: number;
  /** Milliseconds between that and the beginning of this life. */
  readonly agoMs: number;
}

/**
 * Attributes every moment of every worker to one part, from what the coordinator's machine knows after each event. The
 * parts of a worker add up to its time, because one of them is open at any moment and another opens where it ends.
 */
export class Attribution {
  readonly #seats = new Map<string, Seat>();
  readonly #began: number;
  readonly #agoMs: number;
  /** Seats whose time before this life is counted, and which this life has not met. */
  readonly #earlier: Set<string>;
  /** Steps that were committed once. */
  #highest: number;
  #shape = '';

  /** @param now of the machine's clock, milliseconds */
  constructor(now: number, counted?: Counted) {
    this.#began = now;
    this.#agoMs = counted?.agoMs ?? 0;
    this.#highest = counted?.globalStep ?? 0;
    for (const [worker, parts] of Object.entries(counted?.workers ?? {}))
      this.#seats.set(worker, new Seat(now, parts));
    this.#earlier = new Set(this.#seats.keys());
  }

  /** The machine has taken an event: O(1) for frames and signs of life, of which there are many. */
  observe(state: State, event: Event): void {
    this.#highest = Math.max(this.#highest, state.globalStep);
    const shape = shapeOf(state);
    const isSmall =
      event.type === 'frame' || (event.type === 'message' && event.message.type === 'HEARTBEAT');
    if (!isSmall || shape !== this.#shape) this.#observeAll(state);
    else this.#observeOne(state, state.peers.get(event.peer));
    this.#shape = shape;
  }

  /** Seconds by worker and part. */
  workers(now: number): Record<string, Parts> {
    return Object.fromEntries([...this.#seats].map(([worker, seat]) => [worker, seat.parts(now)]));
  }

  #observeAll(state: State): void {
    const lost = [...this.#seats.values()].filter(({ peer }) => peer && state.peers.get(peer.peer) !== peer);
    for (const seat of lost) this.#lose(seat, state.now);
    for (const peer of state.peers.values()) this.#observeOne(state, peer);
  }

  #lose(seat: Seat, now: number): void {
    const silentSince = seat.peer!.lastSeen;
    seat.lose(now);
    for (const other of this.#seats.values()) if (other.peer) other.blame(now, silentSince);
  }

  #observeOne(state: State, peer: Peer | undefined): void {
    if (!peer) return;
    const seat = this.#seatOf(state.now, peer);
    seat.enter(state.now, partOf(state, peer, seat.wasActive, this.#highest));
  }

  #seatOf(now: number, peer: Peer): Seat {
    const { workerId } = peer;
    const known = this.#seats.get(workerId);
    if (known?.peer === peer) return known;
    const seat = known ?? new Seat(now);
    this.#seats.set(workerId, seat);
    const isEarlier = this.#earlier.delete(workerId);
    seat.meet(now, peer, isEarlier ? this.#agoMs + now - this.#began : known ? null : 0);
    return seat;
  }
}

/** Changes whenever the part of somebody may change whom the event does not name. */
function shapeOf({ generation, phase, round, peers }: State): string {
  const stage = round ? `${round.round} ${round.openUnits === 0}` : '';
  return `${generation} ${phase} ${peers.size} ${stage}`;
}

function partOf({ phase, round }: State, peer: Peer, wasActive: boolean, highest: number): Part {
  if (peer.status !== 'active') return phase === 'gathering' && wasActive ? 'idle' : 'starting';
  if (phase === 'finishing' || phase === 'stopped') return 'saving';
  if (phase !== 'stepping' || !round) return 'idle';
  if (round.owed.has(peer.peer)) return round.globalStep < highest ? 'recompute' : 'compute';
  return round.openUnits > 0 ? 'waiting' : 'exchange';
}
