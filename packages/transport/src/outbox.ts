/** A message that waits to be sent. */
interface Entry<T> {
  readonly item: T;
  readonly sizeBytes: number;
}

/** Bytes after which the outbox lets timers and sockets of this process have a turn. */
const TURN_BYTES = 8 << 20;

/**
 * A queue with one send in flight, because a zeromq socket takes no second one meanwhile. Items go out in the order
 * they came. A failed send is reported and the next one tried: one dead peer must not stop the others.
 */
export class Outbox<T> {
  readonly #write: (item: T) => Promise<void>;
  readonly #onError: (item: T, error: unknown) => void;
  #queue: Entry<T>[] = [];
  /** Entries before it have been taken. */
  #head = 0;
  #queuedBytes = 0;
  #running: Promise<void> | undefined;

  constructor(write: (item: T) => Promise<void>, onError: (item: T, error: unknown) => void) {
    this.#write = write;
    this.#onError = onError;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  push(item: T, sizeBytes: number): void {
    this.#queue.push({ item, sizeBytes });
    this.#queuedBytes += sizeBytes;
    this.#running ??= this.#run();
  }

  /** Drops what has not been handed to the socket. */
  clear(): void {
    this.#queue = [];
    this.#head = 0;
    this.#queuedBytes = 0;
  }

  async flush(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    let turnBytes = 0;
    try {
      for (let entry = this.#take(); entry; entry = this.#take()) {
        await this.#send(entry.item);
        turnBytes += entry.sizeBytes;
        if (turnBytes < TURN_BYTES) continue;
        turnBytes = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#running = undefined;
    }
  }

  /** Invariant: #queuedBytes is the sum over the entries from #head on. */
  #take(): Entry<T> | undefined {
    const entry = this.#queue[this.#head];
    if (!entry) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length || this.#head === 1024) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    this.#queuedBytes -= entry.sizeBytes;
    return entry;
  }

  async #send(item: T): Promise<void> {
    try {
      await this.#write(item);
    } catch (error) {
      this.#onError(item, error);
    }
  }
}
