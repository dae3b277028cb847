export type OnProgress = (line: string) => void;

const EVERY_MS = 2000;

/**
 * Says how far a long task is: nothing for the first two seconds, then a line every two seconds with the rate and,
 * where the total is known, the time left.
 */
export class Progress {
  readonly #startedAt = performance.now();
  #saidAt = this.#startedAt;
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #say: OnProgress;

  /** @param total in bytes, if known */
  constructor(what: string, total: number | undefined, say: OnProgress) {
    this.#what = what;
    this.#total = total;
    this.#say = say;
  }

  /** @param done bytes so far */
  update(done: number): void {
    const now = performance.now();
    if (now - this.#saidAt < EVERY_MS) return;
    this.#saidAt = now;
    this.#say(`${this.#what}: ${this.#describe(done, (now - this.#startedAt) / 1000)}`);
  }

  #describe(done: number, seconds: number): string {
    const rate = done / seconds;
    const speed = `${formatBytes(rate)}/s`;
    if (this.#total === undefined || done >= this.#total) return `${formatBytes(done)}, ${speed}`;
    const left = rate > 0 ? `${Math.ceil((this.#total - done) / rate)} s left` : 'waiting';
    return `${formatBytes(done)} of ${formatBytes(this.#total)}, ${speed}, ${left}`;
  }
}

/** Runs `task`, saying every two seconds how long it has run; for tasks whose size nobody knows. */
export async function withTicker<T>(
  what: string,
  say: OnProgress,
  usualSeconds: number,
  task: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    say(`${what}: ${seconds} s (usually ${usualSeconds} s)`);
  }, EVERY_MS);
  try {
    return await task();
  } finally {
    clearInterval(timer);
  }
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
