import { readBatch, type Batch } from './batch.js';
import { imageBytes, type Dataset } from './dataset.js';

export interface PrefetchOptions {
  readonly seed: number;
  /** Images read ahead and not yet taken take at most this many bytes. Default 64 MiB. */
  readonly maxBytes?: number;
}

interface Range {
  readonly position: bigint;
  readonly count: number;
  readonly bytes: number;
  /** Set once the range is being read. */
  batch?: Promise<Batch>;
}

/**
 * Reads stream positions ahead of their use. `expect` announces ranges in the order in which they will be taken;
 * they are read as far as the bound allows, the rest as soon as others are taken. A bound below one range still lets
 * one range be read, so nothing waits for ever.
 */
export class Prefetch {
  readonly #dataset: Dataset;
  readonly #seed: number;
  readonly #maxBytes: number;
  readonly #ranges = new Map<string, Range>();

  constructor(dataset: Dataset, { seed, maxBytes = 64 * 2 ** 20 }: PrefetchOptions) {
    this.#dataset = dataset;
    this.#seed = seed;
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the ranges that are being read or wait to be taken. */
  get bytesHeld(): number {
    let bytes = 0;
    for (const range of this.#ranges.values()) if (range.batch) bytes += range.bytes;
    return bytes;
  }

  /** Positions [position, position + count) will be taken. Announcing a range twice does nothing. */
  expect(position: bigint, count: number): void {
    const key = keyOf(position, count);
    if (this.#ranges.has(key)) return;
    this.#ranges.set(key, { position, count, bytes: count * imageBytes(this.#dataset) });
    this.#advance();
  }

  /**
   * The images of positions [position, position + count): those read ahead where the range was announced, else read
   * now. Each announced range is handed out once.
   * @throws what `Dataset.read` throws, here and not before
   */
  async take(position: bigint, count: number): Promise<Batch> {
    const key = keyOf(position, count);
    const range = this.#ranges.get(key);
    const batch = range?.batch ?? readBatch(this.#dataset, this.#seed, position, count);
    this.#ranges.delete(key);
    this.#advance();
    return batch;
  }

  /** Drops the announced ranges that begin before `position`: steps that are over or were leased to others. */
  forgetBefore(position: bigint): void {
    for (const [key, range] of this.#ranges) if (range.position < position) this.#ranges.delete(key);
    this.#advance();
  }

  /** Drops all announced ranges. */
  clear(): void {
    this.#ranges.clear();
  }

  #advance(): void {
    let held = this.bytesHeld;
    for (const range of this.#ranges.values()) {
      if (range.batch) continue;
      if (held > 0 && held + range.bytes > this.#maxBytes) return;
      held += range.bytes;
      range.batch = readBatch(this.#dataset, this.#seed, range.position, range.count);
      // A failed read is told to whoever takes the range; until then it must not end the process.
      range.batch.catch(() => {});
    }
  }
}

function keyOf(position: bigint, count: number): string {
  return `${position}+${count}`;
}
