import type { Frames, Router, RouterHandlers, RouterOptions } from '../transport.js';
import type { DealerEnd, Neighbourhood, RouterEnd } from './connection.js';

export class MemoryRouter implements Router, RouterEnd {
  readonly address: string;
  readonly host: string;
  readonly queuedBytes = 0;
  readonly #network: Neighbourhood;
  readonly #options: RouterOptions;
  readonly #handlers: RouterHandlers;
  readonly #peers = new Map<string, DealerEnd>();
  #closed = false;

  constructor(
    network: Neighbourhood,
    host: string,
    address: string,
    options: RouterOptions,
    handlers: RouterHandlers,
  ) {
    this.#network = network;
    this.host = host;
    this.address = address;
    this.#options = options;
    this.#handlers = handlers;
  }

  send(peer: string, frames: Frames): void {
    if (this.#closed) return;
    const dealer = this.#peers.get(peer);
    if (dealer) dealer.incoming?.send(frames);
    else this.#network.clock.after(0, () => this.#report(peer));
  }

  forget(_peer: string): void {
    // Nobody is probed here: the network says whose connection ended.
  }

  async flush(): Promise<void> {
    // `send` keeps nothing.
  }

  /** What was sent before still arrives. */
  async close(): Promise<void> {
    const { clock, faults } = this.#network;
    this.#closed = true;
    this.#network.forgetSocket(this.host, this);
    const dealers = [...this.#peers.values()];
    clock.after(faults.delayMs[1] + 1, () => dealers.forEach((dealer) => dealer.disconnect()));
  }

  vanish(): void {
    this.#closed = true;
    this.#network.forgetSocket(this.host, this);
    for (const dealer of this.#peers.values()) dealer.breakConnection();
  }

  accept(peer: string, dealer: DealerEnd): boolean {
    if (this.#closed) return false;
    this.#peers.set(peer, dealer);
    return true;
  }

  /** Too large a part ends the connection. */
  receive(peer: string, dealer: DealerEnd, frames: Uint8Array[]): void {
    if (this.#closed) return;
    if (frames.some(({ byteLength }) => byteLength > this.#options.maxFrameBytes)) dealer.breakConnection();
    else this.#handlers.onMessage(peer, frames);
  }

  lose(peer: string, dealer: DealerEnd): void {
    if (this.#peers.get(peer) !== dealer) return;
    this.#peers.delete(peer);
    const { clock, dice, faults } = this.#network;
    clock.after(dice.between(faults.noticeMs), () => {
      // Like a probe: a peer that has come back answers it.
      if (!this.#peers.has(peer)) this.#report(peer);
    });
  }

  #report(peer: string): void {
    if (!this.#closed) this.#handlers.onUnreachable(peer);
  }
}
