/** The parts of one message. */
export type Frames = readonly Uint8Array[];

/**
 * Moves messages between one router and many dealers that each have a name, and knows nothing of their content.
 *
 * Promises of every implementation (the conformance suite holds them to it):
 * - between two ends messages arrive in the order they were sent, whole, and at most once a connection;
 * - `send` never blocks and never throws for a peer's fault;
 * - the bytes of a sent message are shared until they are gone: the sender must not change them until the peer has
 *   answered something that it could only know from the message;
 * - what was under way when a connection broke may be lost; a dealer reconnects by itself.
 */
export interface Transport {
  /** @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_PLAIN, DDPM_ERR_TRANSPORT_ADDRESS */
  router(options: RouterOptions, handlers: RouterHandlers): Promise<Router>;
  /** @throws DDPM_ERR_TRANSPORT_PLAIN, DDPM_ERR_TRANSPORT_ADDRESS */
  dealer(options: DealerOptions, handlers: DealerHandlers): Promise<Dealer>;
  /** Closes what is left; routers and dealers first send what they hold, for at most a second. */
  close(): Promise<void>;
}

export interface RouterOptions {
  /** `tcp://host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Sent to every known peer whenever some connection ends, to find out whose it was. */
  readonly probe: Frames;
  /** Largest part taken; a peer that sends more is disconnected. */
  readonly maxFrameBytes: number;
  /** Peers heard at a time; messages of more are dropped. Default 4096. */
  readonly maxPeers?: number;
  /** Who is let in: `worker`, those who take part (default); `reader`, those who look, and workers as well. */
  readonly role?: 'worker' | 'reader';
}

export interface RouterHandlers {
  onMessage(peer: string, frames: Uint8Array[]): void;
  /**
   * The peer is not connected (any more): nothing reaches it until it connects again. What arrived from it before was
   * handed to `onMessage`. May come twice.
   */
  onUnreachable(peer: string): void;
  /** Somebody was not let in: who, as far as is known, and why. Said as often as it happens. */
  onRefused(who: string): void;
}

export interface Router {
  /** Where it listens, with the real port. */
  readonly address: string;
  /** Bytes accepted by `send` that the socket has not taken yet. */
  readonly queuedBytes: number;
  send(peer: string, frames: Frames): void;
  /** No more probes for a peer that has left. */
  forget(peer: string): void;
  /** Resolves when the socket has taken everything. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface DealerOptions {
  /** The router's address. */
  readonly address: string;
  /** How the router will know this end; 1 to 255 characters. */
  readonly peer: string;
  readonly maxFrameBytes: number;
}

export interface DealerHandlers {
  onMessage(frames: Uint8Array[]): void;
  /** From here on `send` sends: say again what the other end must know. */
  onConnected(): void;
  onDisconnected(): void;
  /** The other end will not let us in, and this is all it said. It is tried again. */
  onRefused(reason: string): void;
}

export interface Dealer {
  readonly connected: boolean;
  readonly queuedBytes: number;
  /** Drops the message when not connected: nothing stale is delivered to a router that came back. */
  send(frames: Frames): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}
