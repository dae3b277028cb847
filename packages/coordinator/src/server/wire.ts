import {
  decodeControl,
  decodeFrame,
  encodeControl,
  encodeFrame,
  FrameKind,
  isSegmentMessage,
  placedBytes,
  ProtocolError,
  type ControlMessage,
  type DataFrame,
} from '@ddpm-fleet/protocol';
import type { Clock, Frames, RouterHandlers, Transport } from '@ddpm-fleet/transport';
import type { Logger } from 'pino';
import type { Emit } from './emit.js';
import type { Addresses } from './live.js';
import { openPlanes, type Planes } from './ports.js';
import { Refusals } from './refusals.js';
import type { Sharing } from './sharing.js';

/** What was said last must be read before the connection closes: then a dealer drops what it has not read. */
const PARTING_MS = 1000;
const LOOK_EVERY_MS = 10;

/** Bytes in, events out; messages in, bytes out. */
export class Wire {
  readonly #run: bigint;
  readonly #emit: Emit;
  readonly #clock: Clock;
  #planes: Planes | undefined;
  /** Peers that have been heard of and have not gone. */
  readonly #present = new Set<string>();
  readonly #maxPeers: number;
  readonly refusals: Refusals;
  /** Where payloads lie that do not come with their frames; absent where nothing is shared. */
  sharing: Sharing | undefined;

  /** @param maxPeers connections that are heard at a time, on each plane */
  constructor(run: bigint, emit: Emit, log: Logger, clock: Clock, maxPeers: number) {
    this.#run = run;
    this.#emit = emit;
    this.#clock = clock;
    this.#maxPeers = maxPeers;
    this.refusals = new Refusals(log);
  }

  /** @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_* */
  async open(transport: Transport, host: string, port: number): Promise<Addresses> {
    this.#planes = await openPlanes(
      transport,
      { host, port, run: this.#run, maxPeers: this.#maxPeers },
      {
        control: this.#handlers((peer, frames) => this.#onControl(peer, frames)),
        data: this.#handlers((peer, frames) => this.#onData(peer, frames)),
      },
    );
    return { control: this.#planes.control.address, data: this.#planes.data.address };
  }

  send(peers: readonly string[], message: ControlMessage): void {
    const frame = encodeControl(message);
    for (const peer of peers) this.#planes?.control.send(peer, [frame]);
  }

  sendFrame(peers: readonly string[], frames: Frames): void {
    for (const peer of peers) this.#planes?.data.send(peer, frames);
  }

  /** Passes a frame on as it came. */
  pass(peers: readonly string[], { header, payload }: DataFrame): void {
    if (peers.length > 0) this.sendFrame(peers, encodeFrame(header, payload));
  }

  forget(peer: string): void {
    this.#present.delete(peer);
    this.sharing?.forget(peer);
    this.#planes?.control.forget(peer);
    this.#planes?.data.forget(peer);
  }

  /** Waits, for at most a second, until workers that were told of the end have hung up. */
  async close(): Promise<void> {
    for (let ms = 0; ms < PARTING_MS && this.#present.size > 0; ms += LOOK_EVERY_MS) {
      await new Promise((resolve) => this.#clock.after(LOOK_EVERY_MS, () => resolve(undefined)));
    }
    this.refusals.close();
    await Promise.all([this.#planes?.control.close(), this.#planes?.data.close()]);
  }

  #handlers(onMessage: RouterHandlers['onMessage']): RouterHandlers {
    return {
      onMessage,
      onUnreachable: (peer) => {
        this.#present.delete(peer);
        this.sharing?.forget(peer);
        this.#emit({ type: 'unreachable', peer });
      },
      onRefused: (who) => this.refusals.connection(who),
    };
  }

  #onControl(peer: string, frames: Uint8Array[]): void {
    this.#guard(peer, () => {
      const message = decodeControl(frames, 'fromWorker');
      if (isSegmentMessage(message)) return this.sharing?.take(peer, message);
      this.#present.add(peer);
      this.#emit({ type: 'message', peer, message });
    });
  }

  #onData(peer: string, frames: Uint8Array[]): void {
    this.#guard(peer, () => {
      const frame = decodeFrame(frames, this.#run);
      if (frame.header.kind === FrameKind.probe) return;
      this.#emit(
        { type: 'frame', peer, header: frame.header },
        frame.place ? this.#found(peer, frame) : frame,
      );
    });
  }

  /** The frame with its place as the reducer knows it. */
  #found(peer: string, frame: DataFrame): DataFrame {
    const place = this.sharing?.find(peer, frame.place!, placedBytes(frame));
    if (!place) throw new ProtocolError('length', 'a payload lies in memory that is not shared');
    return { ...frame, place };
  }

  #guard(peer: string, take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { message: detail, fault } = error;
      // Who sends nonsense may send much of it: it is said once.
      if (!this.refusals.add(`${peer}: ${fault}`)) return;
      this.#emit({ type: 'malformed', peer, detail, version: fault === 'version' });
    }
  }
}
