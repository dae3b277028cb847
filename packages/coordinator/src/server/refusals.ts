import type { Logger } from 'pino';

/** Different refusals that are told apart; more are counted together, so that no caller fills memory or disk. */
const KINDS = 200;
const OTHERS = 'others';

/** What was not let in or not understood: each kind is logged once with its reason, and counted. */
export class Refusals {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Returns whether it is the first of its kind. */
  add(reason: string): boolean {
    const known = this.#counts.get(reason);
    const key = known === undefined && this.#counts.size >= KINDS ? OTHERS : reason;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count === 1;
  }

  /** A connection. */
  connection(who: string): void {
    if (this.add(who)) this.#log.warn({ who }, `a connection was refused: ${who}`);
  }

  /** Says what came more than once. */
  close(): void {
    const repeated = [...this.#counts].filter(([, count]) => count > 1);
    if (repeated.length > 0)
      this.#log.warn({ counts: Object.fromEntries(repeated) }, 'refused more than once');
  }
}
