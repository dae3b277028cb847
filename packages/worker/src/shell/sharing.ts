import { bytesOf } from '@ddpm-fleet/core';
import type { OwnSegment, SharedMemory } from '@ddpm-fleet/engine/segments';
import { placedBytes, type DataFrame, type MessageOf, type SegmentMessage } from '@ddpm-fleet/protocol';
import type { Log } from './ports.js';

/** Sums of one step that are kept in shared memory; what is more than that is sent. */
const MAX_AREAS = 4;

/** Memory for one sum, until the step that it belongs to is over. */
export interface Area {
  readonly segment: number;
  readonly bytes: Uint8Array;
}

interface OwnArea extends Area {
  readonly own: OwnSegment;
  /** The coordinator reads there. */
  isMapped: boolean;
  globalStep: number;
}

export interface SharingOptions {
  readonly memory: SharedMemory;
  /** Of a whole sum in the wire's dtype. */
  readonly sumBytes: number;
  readonly say: (message: SegmentMessage) => void;
  readonly log: Log;
}

/** Memory that this worker shares with a coordinator on its host: sums and roots lie there instead of being sent. */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #areas: OwnArea[] = [];
  readonly #theirs = new Map<number, Uint8Array>();
  /** Whose they are. */
  #pid = 0;
  #read = 0;
  #tells = false;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** Whoever listens now may be another coordinator, or have forgotten this worker: nothing is mapped until it says so. */
  offerAgain(): void {
    for (const area of this.#areas) area.isMapped = false;
    // After the HELLO of this turn, on which the coordinator may forget what it knew of this worker.
    setImmediate(() => this.#areas.forEach((area) => !area.isMapped && this.#offer(area)));
  }

  take(message: SegmentMessage): void {
    if (message.type === 'SEGMENT') this.#map(message);
    else if (message.type === 'SEGMENT_MAPPED')
      for (const area of this.#areas) if (area.segment === message.segment) area.isMapped = true;
  }

  /**
   * Where a sum of this step may be put, or undefined: it must be sent. A coordinator has read what was put there for
   * another step, or will not use it: this worker leaves a step only when that is committed or given up.
   */
  areaFor(globalStep: number): Area | undefined {
    const free = this.#areas.find((area) => area.isMapped && area.globalStep !== globalStep);
    if (!free) this.#make();
    else free.globalStep = globalStep;
    return free;
  }

  /** The frame with its payload where it lies; undefined where that is not known here. */
  resolve(frame: DataFrame): DataFrame | undefined {
    const { segment, offset } = frame.place!;
    const sizeBytes = placedBytes(frame);
    const bytes = this.#theirs.get(segment);
    if (!bytes || offset + sizeBytes > bytes.byteLength) return undefined;
    return { header: frame.header, payload: bytes.subarray(offset, offset + sizeBytes) };
  }

  /** The payload is not needed any more. Said once for all that come together. */
  read({ place }: DataFrame): void {
    this.#read = place!.use;
    if (this.#tells) return;
    this.#tells = true;
    setImmediate(() => {
      this.#tells = false;
      this.#options.say({ type: 'SEGMENT_READ', use: this.#read });
    });
  }

  /** For a later sum: this one does not wait. Whoever does not map the first is elsewhere. */
  #make(): void {
    if (this.#areas.length >= MAX_AREAS || this.#areas.some(({ isMapped }) => !isMapped)) return;
    const { memory, sumBytes, log } = this.#options;
    try {
      const own = memory.create(sumBytes);
      const segment = this.#areas.length + 1;
      const area: OwnArea = { segment, own, bytes: own.bytes, isMapped: false, globalStep: -1 };
      this.#areas.push(area);
      this.#offer(area);
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'no memory to share: sums go through sockets');
    }
  }

  #offer({ segment, own }: OwnArea): void {
    this.#options.say({ type: 'SEGMENT', segment, ...own.handle });
  }

  #map({ segment, ...offer }: MessageOf<'SEGMENT'>): void {
    const { memory, sumBytes, say, log } = this.#options;
    // Of a coordinator that was here before nothing is read any more.
    if (offer.pid !== this.#pid) this.#theirs.clear();
    this.#pid = offer.pid;
    if (offer.sizeBytes !== sumBytes) return;
    try {
      this.#theirs.set(segment, memory.view(offer));
      say({ type: 'SEGMENT_MAPPED', segment });
    } catch (error) {
      log.info(
        { reason: (error as Error).message },
        "the coordinator's memory is out of reach: it sends roots",
      );
    }
  }
}

/** Puts the bytes of an array into an area. */
export function put(area: Area, offset: number, values: ArrayBufferView): void {
  area.bytes.set(bytesOf(values), offset);
}
