import { duration, note, rewrite } from './output.js';

const QUIET_MS = 2000;
const EVERY_MS = 200;
const EVERY_LINE_MS = 10_000;

/**
 * One line on stderr with rate and time to go, for whatever takes more than two seconds: rewritten in place on a
 * terminal, a line every ten seconds elsewhere.
 */
export class Progress {
  readonly #what: string;
  readonly #unit: string;
  readonly #started = performance.now();
  #said = performance.now();
  #open = false;

  constructor(what: string, unit: string) {
    this.#what = what;
    this.#unit = unit;
  }

  at(done: number, total: number): void {
    const now = performance.now();
    const pause = process.stderr.isTTY ? EVERY_MS : EVERY_LINE_MS;
    if (now - this.#started < QUIET_MS || now - this.#said < pause) return;
    this.#said = now;
    const rate = done / ((now - this.#started) / 1000);
    const left = duration((total - done) / rate);
    this.#write(`${this.#what}: ${done} of ${total} ${this.#unit}, ${rate.toFixed(1)}/s, ${left} to go`);
  }

  end(): void {
    if (this.#open) process.stderr.write('\n');
    this.#open = false;
  }

  #write(text: string): void {
    if (process.stderr.isTTY) {
      rewrite(text);
      this.#open = true;
    } else {
      note(text);
    }
  }
}
