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
  readonly #open: () => Socket;
  readonly #address: string;
  readonly #handlers: DealerHandlers;
  readonly #outbox: Outbox<Frames>;
  #socket!: Socket;
  #connected = false;
  /** How often it was connected: what was meant for one connection is not sent on the next. */
  #connections = 0;
  /** How often it was turned away since it was let in last. */
  #refusals = 0;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(open: () => Socket, address: string, handlers: DealerHandlers) {
    this.#open = open;
    this.#address = address;
    this.#handlers = handlers;
    this.#outbox = new Outbox(
      (frames) => this.#write(frames),
      (_, error) => {
        if (!this.#isClosed) throw error;
      },
    );
    this.#dial();
  }

  static open(
    context: Context,
    { client, insecure }: { client: ClientSecurity | undefined; insecure: boolean },
    options: DealerOptions,
    handlers: DealerHandlers,
  ): ZmqDealer {
    assertPrivate(options.address, insecure || client !== undefined);
    const open = (): Socket =>
      new Socket({
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
    return new ZmqDealer(open, options.address, handlers);
  }

  get connected(): boolean {
    return this.#connected;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  send(frames: Frames): void {
    if (!this.#connected) return;
    let sizeBytes = 0;
    for (const frame of frames) sizeBytes += frame.byteLength;
    this.#outbox.push(frames, sizeBytes);
  }

  async flush(): Promise<void> {
    await this.#outbox.flush();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#connected) await within(LINGER_MS, this.#outbox.flush());
    this.#isClosed = true;
    this.#connected = false;
    clearTimeout(this.#retry);
    this.#outbox.clear();
    this.#socket.close();
  }

  #dial(): void {
    const socket = this.#open();
    this.#socket = socket;
    this.#watch(socket);
    socket.connect(this.#address);
    void this.#receive(socket);
  }

  #watch(socket: Socket): void {
    const { events } = socket;
    const whileOurs =
      <T extends unknown[]>(take: (...args: T) => void) =>
      (...args: T): void => {
        if (socket === this.#socket && !this.#isClosed) take(...args);
      };
    events.on(
      'handshake',
      whileOurs(() => this.#onConnected()),
    );
    events.on(
      'disconnect',
      whileOurs(() => this.#onDisconnected()),
    );
    events.on(
      'handshake:error:auth',
      whileOurs(() => this.#onTurnedAway(socket)),
    );
    events.on(
      'handshake:error:protocol',
      whileOurs(({ error }) => this.#handlers.onRefused(error.message)),
    );
    events.on(
      'handshake:error:other',
      whileOurs(({ error }) => this.#handlers.onRefused(error.message)),
    );
  }

  #onConnected(): void {
    this.#connected = true;
    this.#connections++;
    this.#refusals = 0;
    this.#handlers.onConnected();
  }

  #onDisconnected(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#outbox.clear();
    this.#handlers.onDisconnected();
  }

  /** libzmq does not try again on a socket that was refused by name: the next try is that of another one. */
  #onTurnedAway(socket: Socket): void {
    socket.close();
    const { reconnectInterval, reconnectMaxInterval } = RECONNECT;
    const delayMs = Math.min(reconnectMaxInterval, reconnectInterval * 2 ** this.#refusals++);
    this.#retry = setTimeout(() => this.#dial(), delayMs);
    this.#handlers.onRefused('authentication refused');
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

  async #receive(socket: Socket): Promise<void> {
    const turn = new Turn();
    for await (const frames of socket) {
      this.#handlers.onMessage(frames);
      if (turn.over) await turn.pass();
    }
  }
}
