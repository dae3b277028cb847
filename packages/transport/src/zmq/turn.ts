/** Longest that a stream of messages may keep timers and other sockets of this process waiting. */
const TURN_MS = 4;

/**
 * zeromq resolves its promises at once while messages are there, so a loop over them never leaves the microtask
 * queue. Await this after each message.
 */
export class Turn {
  #since = performance.now();

  get over(): boolean {
    return performance.now() - this.#since > TURN_MS;
  }

  async pass(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/** Waits for a promise, but not for longer than that. */
export async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, deadline]);
  clearTimeout(timer);
}
