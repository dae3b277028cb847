import type { OwnSegment, SharedMemory } from '@ddpm-fleet/engine/segments';
import type { MessageOf, Place, SegmentMessage } from '@ddpm-fleet/protocol';
import type { Logger } from 'pino';
import type { ReducerSegments } from '../reducer/reducer.js';

/** Roots that are kept for workers which are still reading them; beyond that payloads go through sockets. */
const MAX_ROOTS = 4;
/** Segments of one worker: its sums of a step, and as many that it gave up. */
const MAX_SEGMENTS = 16;

/** What is shared with one worker. */
interface Sharer {
  /** Its segments, by its numbers and by ours. */
  readonly theirs: Map<number, number>;
  /** Our roots that it has mapped. */
  readonly mapped: Set<number>;
  /** Payloads that were placed for it, and how many of them it has read. */
  uses: number;
  read: number;
}

interface Root {
  readonly number: number;
  readonly segment: OwnSegment;
  /** The reducer can write into it. */
  isReady: boolean;
  /** Whoever it was placed for, and the last time. */
  readonly readers: Map<string, number>;
  /** A reader was lost before it had read: it may still do so, and nothing else is ever written there. */
  isLost: boolean;
}

export interface SharingOptions {
  readonly memory: SharedMemory;
  readonly segments: ReducerSegments;
  /** Of a whole sum in the wire's dtype. */
  readonly sumBytes: number;
  readonly log: Logger;
  readonly say: (peer: string, message: SegmentMessage) => void;
}

/** Memory that this coordinator shares with the workers of its host: sums and roots lie there instead of being sent. */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #sharers = new Map<string, Sharer>();
  #roots: Root[] = [];
  #current: Root | undefined;
  #numbers = 0;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  take(peer: string, message: SegmentMessage): void {
    if (message.type === 'SEGMENT') return void this.#map(peer, message);
    const sharer = this.#sharers.get(peer);
    if (!sharer) return;
    if (message.type === 'SEGMENT_READ')
      sharer.read = Math.max(sharer.read, Math.min(message.use, sharer.uses));
    else if (this.#roots.some(({ number }) => number === message.segment)) sharer.mapped.add(message.segment);
  }

  /** It is gone, or begins anew. */
  forget(peer: string): void {
    const sharer = this.#sharers.get(peer);
    if (!sharer) return;
    this.#sharers.delete(peer);
    for (const number of sharer.theirs.values()) this.#options.segments.forget(number);
    for (const root of this.#roots) {
      if ((root.readers.get(peer) ?? 0) > sharer.read) root.isLost = true;
      root.readers.delete(peer);
    }
  }

  /** Where the reducer finds what a worker has placed, or undefined where it was not mapped. */
  find(peer: string, { segment, offset, use }: Place, sizeBytes: number): Place | undefined {
    const number = this.#sharers.get(peer)?.theirs.get(segment);
    const fits = offset + sizeBytes <= this.#options.sumBytes;
    return number !== undefined && fits ? { segment: number, offset, use } : undefined;
  }

  /** A new round: the segment for its root, or undefined where there is none at hand. */
  nextRoot(): number | undefined {
    for (const { segment, number } of this.#roots.filter(({ isLost }) => isLost)) {
      segment.close();
      this.#options.segments.forget(number);
    }
    this.#roots = this.#roots.filter(({ isLost }) => !isLost);
    this.#current = this.#roots.find((root) => root.isReady && this.#isRead(root));
    if (!this.#current) this.#make();
    this.#current?.readers.clear();
    return this.#current?.number;
  }

  /** The root of the round in progress, where it lies in a segment. */
  get root(): Uint8Array | undefined {
    return this.#current?.segment.bytes;
  }

  /** Where a worker finds what lies at that offset of the root, or undefined where it must be sent. */
  place(peer: string, offset: number): Place | undefined {
    const [root, sharer] = [this.#current, this.#sharers.get(peer)];
    if (!root || !sharer?.mapped.has(root.number)) return undefined;
    root.readers.set(peer, ++sharer.uses);
    return { segment: root.number, offset, use: sharer.uses };
  }

  #isRead({ readers }: Root): boolean {
    return [...readers].every(([peer, use]) => use <= this.#sharers.get(peer)!.read);
  }

  /** It is there for a later round: this one does not wait. */
  #make(): void {
    const waiting = this.#roots.some(({ isReady }) => !isReady);
    if (waiting || this.#roots.length >= MAX_ROOTS || this.#sharers.size === 0) return;
    const { memory, segments, sumBytes, log } = this.#options;
    try {
      const segment = memory.create(sumBytes);
      const root: Root = {
        number: ++this.#numbers,
        segment,
        isReady: false,
        readers: new Map(),
        isLost: false,
      };
      this.#roots.push(root);
      const ready = segments.map(root.number, segment.handle, true);
      ready.then(
        () => {
          root.isReady = true;
          for (const [peer, { theirs }] of this.#sharers) if (theirs.size > 0) this.#offer(peer, root);
        },
        () => (root.isLost = true),
      );
    } catch (error) {
      log.warn(
        { reason: (error as Error).message },
        'no memory to share with workers: roots go through sockets',
      );
    }
  }

  #offer(peer: string, { number, segment }: Root): void {
    this.#options.say(peer, { type: 'SEGMENT', segment: number, ...segment.handle });
  }

  async #map(peer: string, { segment, ...offer }: MessageOf<'SEGMENT'>): Promise<void> {
    const { sumBytes, segments, log } = this.#options;
    const sharer = this.#sharerOf(peer);
    const isKnown = sharer.theirs.has(segment);
    if (offer.sizeBytes !== sumBytes || (!isKnown && sharer.theirs.size >= MAX_SEGMENTS)) return;
    const number = ++this.#numbers;
    try {
      await segments.map(number, offer, false);
    } catch (error) {
      segments.forget(number);
      return log.info(
        { peer, reason: (error as Error).message },
        'its memory is out of reach: it sends its sums',
      );
    }
    if (this.#sharers.get(peer) === sharer) this.#mapped(peer, sharer, segment, number);
    else segments.forget(number);
  }

  #mapped(peer: string, { theirs }: Sharer, segment: number, number: number): void {
    const [isFirst, former] = [theirs.size === 0, theirs.get(segment)];
    if (former !== undefined) this.#options.segments.forget(former);
    theirs.set(segment, number);
    this.#options.say(peer, { type: 'SEGMENT_MAPPED', segment });
    if (!isFirst) return;
    this.#options.log.info({ peer }, 'it shares memory with this coordinator');
    for (const root of this.#roots) if (root.isReady) this.#offer(peer, root);
  }

  #sharerOf(peer: string): Sharer {
    const sharer = this.#sharers.get(peer) ?? { theirs: new Map(), mapped: new Set(), uses: 0, read: 0 };
    this.#sharers.set(peer, sharer);
    return sharer;
  }
}
