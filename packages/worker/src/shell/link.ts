import {
  decodeControl,
  decodeFrame,
  encodeControl,
  encodeFrame,
  FrameKind,
  HEADER_BYTES,
  isSegmentMessage,
  LIMITS,
  ProtocolError,
  type ControlMessage,
  type DataFrame,
  type SegmentMessage,
} from '@ddpm-fleet/protocol';
import type { Dealer, Frames, Transport } from '@ddpm-fleet/transport';
import type { Addresses } from './ports.js';
import type { Sharing } from './sharing.js';

export interface LinkHandlers {
  onMessage(message: Exclude<ControlMessage, SegmentMessage>): void;
  onFrame(frame: DataFrame): void;
  /** The control plane is up: whatever was said before may not have been heard. */
  onConnected(): void;
  onDisconnected(): void;
  onRefused(reason: string): void;
  /** Bytes that were no message of this protocol; they are dropped. */
  onGarbage(error: ProtocolError): void;
}

/** Both sockets of a worker: messages and frames in and out, and whether anybody is there. */
export class Link {
  readonly #peer: string;
  readonly #handlers: LinkHandlers;
  #control: Dealer | undefined;
  #data: Dealer | undefined;
  #runKey: bigint | undefined;
  /** Where payloads lie that do not come with their frames; absent where nothing is shared. */
  sharing: Sharing | undefined;
  /** How often the data plane was connected. */
  #connections = 0;

  constructor(peer: string, handlers: LinkHandlers) {
    this.#peer = peer;
    this.#handlers = handlers;
  }

  /** @throws DDPM_ERR_TRANSPORT_PLAIN, DDPM_ERR_TRANSPORT_ADDRESS */
  async open(transport: Transport, addresses: Addresses): Promise<void> {
    const common = { peer: this.#peer };
    this.#control = await transport.dealer(
      { ...common, address: addresses.control, maxFrameBytes: LIMITS.controlBytes },
      {
        onMessage: (frames) => this.#onControl(frames),
        onConnected: () => this.#handlers.onConnected(),
        onDisconnected: () => this.#handlers.onDisconnected(),
        onRefused: (reason) => this.#handlers.onRefused(reason),
      },
    );
    this.#data = await transport.dealer(
      { ...common, address: addresses.data, maxFrameBytes: LIMITS.payloadBytes + HEADER_BYTES },
      {
        onMessage: (frames) => this.#onData(frames),
        onConnected: () => {
          this.#connections++;
          this.attach();
        },
        onDisconnected: () => undefined,
        onRefused: (reason) => this.#handlers.onRefused(reason),
      },
    );
  }

  /** Frames of another run are dropped from now on. */
  set runKey(runKey: bigint) {
    this.#runKey = runKey;
  }

  send(message: ControlMessage): void {
    this.#control?.send([encodeControl(message)]);
  }

  sendFrame(frames: Frames): void {
    this.#data?.send(frames);
  }

  /**
   * Names this worker on its data plane, and offers its memory anew: a coordinator that has lost it has forgotten both.
   * Nothing happens while the plane is down: it is done when it comes up.
   */
  attach(): void {
    if (this.#runKey === undefined || !this.#data?.connected) return;
    this.#data.send(
      encodeFrame({ kind: FrameKind.attach, run: this.#runKey, connection: this.#connections }),
    );
    this.sharing?.offerAgain();
  }

  /** Resolves when the data plane has taken what it was given. */
  async flushData(): Promise<void> {
    await this.#data?.flush();
  }

  /** Sends what waits, for at most a second. */
  async close(): Promise<void> {
    await Promise.all([this.#control?.close(), this.#data?.close()]);
  }

  #onControl(frames: Uint8Array[]): void {
    this.#guard(() => {
      const message = decodeControl(frames, 'fromCoordinator');
      if (isSegmentMessage(message)) this.sharing?.take(message);
      else this.#handlers.onMessage(message);
    });
  }

  #onData(frames: Uint8Array[]): void {
    this.#guard(() => {
      const frame = decodeFrame(frames, this.#runKey);
      if (frame.place) this.#onPlaced(frame);
      else this.#handlers.onFrame(frame);
    });
  }

  #onPlaced(frame: DataFrame): void {
    const found = this.sharing?.resolve(frame);
    if (!found) throw new ProtocolError('length', 'a payload lies in memory that is not shared');
    this.#handlers.onFrame(found);
    this.sharing!.read(frame);
  }

  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#handlers.onGarbage(error);
    }
  }
}
