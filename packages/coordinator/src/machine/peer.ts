/**
 * preparing: asked what the run is. waiting: said HELLO, not let in yet. fetching: let in, gets a state. active: can
 * be leased slots.
 */
export type PeerStatus = 'preparing' | 'waiting' | 'fetching' | 'active';

/** A worker process, under its routing id. Fetching and active peers are members. */
export interface Peer {
  readonly peer: string;
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
  status: PeerStatus;
  lastSeen: number;
  /** Number that the worker gave to the connection of its data plane; null: it has not been heard of. */
  attached: number | null;
  deviceKind: string;
  /** What it said it holds. */
  held: { globalStep: number; lineHash: string | null } | null;
  /** Where its state comes from, once it is let in. */
  source: 'seed' | 'held' | 'checkpoint' | 'peer' | null;
  /** `peer`: every frame of its state was passed on. */
  delivered: boolean;
  /** First step whose root it gets. */
  fromStep: number;
  /** How many commits it had not applied when it was last heard of. */
  lag: number;
  /** Milliseconds a slot; 0: not measured. */
  slotMs: number;
  note: string;
}
