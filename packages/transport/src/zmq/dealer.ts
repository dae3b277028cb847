import { Dealer as Socket, type Context } from 'zeromq';
import { Outbox } from '../outbox.js';
import type { Dealer, DealerHandlers, DealerOptions, Frames } from '../transport.js';
import { assertPrivate } from './address.js';
import { CONNECTION_HEARTBEAT, LINGER_MS } from './router.js';
import { clientOptions, type ClientSecurity } from './security.js';
import { Turn, within } from './turn.js';

const HIGH_WATER = 64;

/**
 * Before a full socket is tried again. It is not waited for: zeromq.js looks for what may be read whenever it has
 * sent, and what it learns on the way of room to send is lost on a send that waits (and the other way round), so that
 * a dealer that sent much and was told something meanwhile could fall silent for good.
 */
const FULL_MS = 1;
const RECONNECT = { reconnectInterval: 100, reconnectMaxInterval: 2000 };

export class ZmqDealer implements Dealer {
  readonly #socket: Socket;
  readonly #handlers: DealerHandlers;
  readonly #outbox: Outbox<Frames>;
  #connected = false;
  /** How often it was connected: what was meant for one connection is not sent on the next. */
  #connections = 0;

  private constructor(socket: Socket, handlers: DealerHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#outbox = new Outbox(
      (frames) => this.#write(frames),
      (_, error) => {
        if (!socket.closed) throw error;
      },
    );
  }

  static open(
    context: Context,
    { client, insecure }: { client: ClientSecurity | undefined; insecure: boolean },
    options: DealerOptions,
    handlers: DealerHandlers,
  ): ZmqDealer {
    assertPrivate(options.address, insecure || client !== undefined);
    const socket = new Socket({
      context,
      routingId: options.peer,
      // Queue for finished connections only: what waits for a dead router would reach its successor stale.
      immediate: true,
      linger: LINGER_MS,
      sendHighWaterMark: HIGH_WATER,
      sendTimeout: 0,
      receiveHighWaterMark: HIGH_WATER,
      maxMessageSize: options.maxFrameBytes,
      ...RECONNECT,
      ...CONNECTION_HEARTBEAT,
      ...clientOptions(client),
    });
    const dealer = new ZmqDealer(socket, handlers);
    dealer.#watch();
    socket.connect(options.address);
    void dealer.#receive();
    return dealer;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  send(frames: Frames): void {
    if (!this.#connected || this.#socket.closed) return;
    let sizeBytes = 0;
    for (const frame of frames) sizeBytes += frame.byteLength;
    this.#outbox.push(frames, sizeBytes);
  }

  async flush(): Promise<void> {
    await this.#outbox.flush();
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    if (this.#connected) await within(LINGER_MS, this.#outbox.flush());
    this.#connected = false;
    this.#outbox.clear();
    this.#socket.close();
  }

  #watch(): void {
    const { events } = this.#socket;
    events.on('handshake', () => {
      this.#connected = true;
      this.#connections++;
      this.#handlers.onConnected();
    });
    events.on('disconnect', () => {
      if (!this.#connected) return;
      this.#connected = false;
      this.#outbox.clear();
      this.#handlers.onDisconnected();
    });
    events.on('handshake:error:auth', () => this.#handlers.onRefused('authentication refused'));
    events.on('handshake:error:protocol', ({ error }) => this.#handlers.onRefused(error.message));
    events.on('handshake:error:other', ({ error }) => this.#handlers.onRefused(error.message));
  }

  /** Hands a message over as soon as there is room, unless its connection ends before. */
  async #write(frames: Frames): Promise<void> {
    const connection = this.#connections;
    while (this.#connected && this.#connections === connection) {
      try {
        return await this.#socket.send(frames as Uint8Array[]);
      } catch (error) {
        if ((error as { code?: string }).code !== 'EAGAIN') throw error;
        await new Promise((resolve) => setTimeout(resolve, FULL_MS));
      }
    }
  }

  async #receive(): Promise<void> {
    const turn = new Turn();
    for await (const frames of this.#socket) {
      this.#handlers.onMessage(frames);
      if (turn.over) await turn.pass();
    }
  }
}
