import type { Dealer, DealerHandlers, DealerOptions, Frames } from '../transport.js';
import { Pipe, type DealerEnd, type Neighbourhood, type RouterEnd } from './connection.js';

export class MemoryDealer implements Dealer, DealerEnd {
  readonly queuedBytes = 0;
  readonly #network: Neighbourhood;
  readonly #host: string;
  readonly #options: DealerOptions;
  readonly #handlers: DealerHandlers;
  #router: RouterEnd | undefined;
  #outgoing: Pipe | undefined;
  incoming: Pipe | undefined;
  /** Whether this end knows that it is connected. */
  #connected = false;
  #closed = false;
  /** The next message finds the connection broken. */
  breakUnderNext = false;

  constructor(network: Neighbourhood, host: string, options: DealerOptions, handlers: DealerHandlers) {
    this.#network = network;
    this.#host = host;
    this.#options = options;
    this.#handlers = handlers;
    network.clock.after(0, () => this.#connect());
  }

  get address(): string {
    return this.#options.address;
  }

  get connected(): boolean {
    return this.#connected;
  }

  send(frames: Frames): void {
    if (!this.#connected || this.#closed) return;
    if (this.breakUnderNext) this.breakConnection();
    else this.#outgoing?.send(frames);
    this.breakUnderNext = false;
  }

  async flush(): Promise<void> {
    // `send` keeps nothing.
  }

  /** What was sent before still arrives. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#connected = false;
    this.#network.forgetSocket(this.#host, this);
    const { clock, faults } = this.#network;
    clock.after(faults.delayMs[1] + 1, () => this.breakConnection());
  }

  vanish(): void {
    this.#closed = true;
    this.#connected = false;
    this.breakConnection();
  }

  breakConnection(): void {
    const router = this.#router;
    if (!router) return;
    this.#network.counts.broken++;
    this.#cutOff();
    router.lose(this.#options.peer, this);
    const { clock, faults } = this.#network;
    // The dealer sits at the socket that broke; the router has to find out whose connection it was.
    clock.after(faults.noticeMs[0], () => this.disconnect());
  }

  disconnect(): void {
    this.#cutOff();
    if (this.#closed) return;
    if (this.#connected) {
      this.#connected = false;
      this.#handlers.onDisconnected();
    }
    this.#network.clock.after(this.#network.faults.reconnectMs, () => this.#connect());
  }

  #cutOff(): void {
    this.#outgoing?.close();
    this.incoming?.close();
    this.#router = undefined;
  }

  #connect(): void {
    if (this.#closed || this.#router) return;
    const network = this.#network;
    const { address, peer } = this.#options;
    const router = network.routerAt(address);
    if (!router || network.isCut(this.#host, router.host) || !router.accept(peer, this)) {
      network.clock.after(network.faults.reconnectMs, () => this.#connect());
      return;
    }
    this.#router = router;
    const onBreak = (): void => this.breakConnection();
    const out = (frames: Uint8Array[]): void => router.receive(peer, this, frames);
    this.#outgoing = new Pipe(network, this.#host, router.host, out, onBreak, address);
    const receive = (frames: Uint8Array[]): void => this.#receive(frames);
    this.incoming = new Pipe(network, router.host, this.#host, receive, onBreak, address);
    this.#connected = true;
    this.#handlers.onConnected();
  }

  #receive(frames: Uint8Array[]): void {
    if (this.#closed) return;
    if (frames.some(({ byteLength }) => byteLength > this.#options.maxFrameBytes)) this.breakConnection();
    else this.#handlers.onMessage(frames);
  }
}
