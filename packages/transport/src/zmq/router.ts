import { fleetError } from '@ddpm-fleet/core';
import { Router as Socket, type Context, type Event } from 'zeromq';
import { Outbox } from '../outbox.js';
import type { Frames, Router, RouterHandlers, RouterOptions } from '../transport.js';
import { assertPrivate } from './address.js';
import { bind } from './bind.js';
import { serverOptions, type ServerSecurity } from './security.js';
import { Turn, within } from './turn.js';

/** When, after a connection ended, peers are probed: the router may learn of it a little after its monitor. */
const PROBE_AT_MS = [0, 25, 250];

/** Linger of a closing socket. */
export const LINGER_MS = 1000;

/** From the first byte of a connection to the end of its handshake. */
const HANDSHAKE_MS = 5000;

const MAX_PEERS = 4096;

/** Messages of one peer that wait in the socket before its connection is held back. */
const RECEIVE_HIGH_WATER = 64;

/** ZMTP heartbeats: they end connections whose host has vanished and free what is queued for it. */
export const CONNECTION_HEARTBEAT = { heartbeatInterval: 2000, heartbeatTimeout: 10_000 };

interface Outgoing {
  readonly peer: string;
  readonly frames: Frames;
}

export class ZmqRouter implements Router {
  readonly address: string;
  readonly #socket: Socket;
  readonly #handlers: RouterHandlers;
  readonly #probe: Frames;
  readonly #outbox: Outbox<Outgoing>;
  /** Who is there, and how many messages each has sent. */
  readonly #known = new Map<string, number>();
  readonly #maxPeers: number;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(socket: Socket, options: RouterOptions, handlers: RouterHandlers) {
    this.#socket = socket;
    this.address = socket.lastEndpoint ?? options.address;
    this.#handlers = handlers;
    this.#probe = options.probe;
    this.#maxPeers = options.maxPeers ?? MAX_PEERS;
    this.#outbox = new Outbox(
      ({ peer, frames }) => socket.send([peer, ...(frames as Uint8Array[])]),
      ({ peer }, error) => this.#failed(peer, error),
    );
  }

  static async open(
    context: Context,
    { server, insecure, domain }: { server: ServerSecurity | undefined; insecure: boolean; domain: string },
    options: RouterOptions,
    handlers: RouterHandlers,
  ): Promise<ZmqRouter> {
    const { host, port } = assertPrivate(options.address, insecure || server !== undefined);
    const socket = new Socket({
      context,
      mandatory: true,
      handover: true,
      linger: LINGER_MS,
      // Unlimited, or one slow peer would block the socket for all: its owner drops peers that fall behind.
      sendHighWaterMark: 0,
      // A mandatory router without any connection is never writable: a send would wait for the next peer to come.
      sendTimeout: 0,
      receiveHighWaterMark: RECEIVE_HIGH_WATER,
      maxMessageSize: options.maxFrameBytes,
      ...CONNECTION_HEARTBEAT,
      // Whoever connects and says nothing is cut off, and holds no more than a descriptor until then.
      handshakeInterval: HANDSHAKE_MS,
      ...serverOptions(server, domain),
    });
    socket.events.on('disconnect', () => router?.probeAll());
    // Wrong keys are reported by the one who looks them up, with their names.
    for (const type of ['handshake:error:protocol', 'handshake:error:other'] as const) {
      socket.events.on(type, (event: Event) => handlers.onRefused(describe(event)));
    }
    let router: ZmqRouter | undefined;
    try {
      await bind(socket, `tcp://${host}:${port === 0 ? '*' : port}`);
    } catch (error) {
      socket.close();
      throw bindError(options.address, error);
    }
    router = new ZmqRouter(socket, options, handlers);
    void router.#receive();
    return router;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  send(peer: string, frames: Frames): void {
    if (this.#socket.closed) return;
    let sizeBytes = 0;
    for (const frame of frames) sizeBytes += frame.byteLength;
    this.#outbox.push({ peer, frames }, sizeBytes);
  }

  forget(peer: string): void {
    this.#known.delete(peer);
  }

  async flush(): Promise<void> {
    await this.#outbox.flush();
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    for (const timer of this.#timers) clearTimeout(timer);
    await within(LINGER_MS, this.#outbox.flush());
    this.#outbox.clear();
    this.#socket.close();
  }

  probeAll(): void {
    for (const delayMs of PROBE_AT_MS) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        for (const peer of this.#known.keys()) this.send(peer, this.#probe);
      }, delayMs);
      this.#timers.add(timer);
    }
  }

  #failed(peer: string, error: unknown): void {
    if (this.#socket.closed) return;
    const { code } = error as { code?: string };
    if (code !== 'EHOSTUNREACH' && code !== 'EAGAIN') throw error;
    void this.#report(peer);
  }

  /** What a peer said last may still wait to be read, here or on the socket of another router, and is heard first. */
  async #report(peer: string): Promise<void> {
    let heard: number | undefined;
    do {
      heard = this.#known.get(peer);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#known.get(peer) !== heard);
    this.#known.delete(peer);
    if (!this.#socket.closed) this.#handlers.onUnreachable(peer);
  }

  async #receive(): Promise<void> {
    const turn = new Turn();
    for await (const [id, ...frames] of this.#socket) {
      const peer = id!.toString('latin1');
      if (this.#admits(peer)) this.#handlers.onMessage(peer, frames);
      if (turn.over) await turn.pass();
    }
  }

  #admits(peer: string): boolean {
    const heard = this.#known.get(peer);
    if (heard === undefined && this.#known.size >= this.#maxPeers) {
      this.#handlers.onRefused(`a peer more than the ${this.#maxPeers} that are heard at a time`);
      return false;
    }
    this.#known.set(peer, (heard ?? 0) + 1);
    return true;
  }
}

function describe(event: Event): string {
  return `a connection that did not finish its handshake: ${'error' in event ? event.error.message : event.type}`;
}

function bindError(address: string, error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE') return fleetError('DDPM_ERR_PORT_IN_USE', { address }, { cause: error });
  return fleetError('DDPM_ERR_TRANSPORT_BIND', { address, reason: code ?? String(error) }, { cause: error });
}
