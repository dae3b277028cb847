import type { RunConfig } from '@ddpm-fleet/config';
import { lastWords, type LaunchEvent } from '@ddpm-fleet/launcher';
import { duration, note, rewrite } from '../output.js';
import { readLive, type Live } from './live.js';

const POLL_MS = 300;
const LINE_MS = 5000;

/** Tells the person who launched a run how it goes: one line in place on a terminal, a line now and then elsewhere. */
export class Watch {
  readonly #dir: string;
  readonly #config: RunConfig;
  readonly #timer: NodeJS.Timeout;
  #lastStep = -1;
  #lastState = '';
  #saidAt = 0;
  #open = false;

  constructor(dir: string, config: RunConfig) {
    this.#dir = dir;
    this.#config = config;
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  onLaunchEvent(event: LaunchEvent): void {
    if (event.type === 'note') this.#line(event.text);
    if (event.type === 'exited' && event.exit.code !== 0) {
      const how = event.exit.signal ? `killed by ${event.exit.signal}` : `exit code ${event.exit.code}`;
      const why = lastWords(event.exit.tail);
      this.#line(`${event.id} ended (${how})${why === undefined ? '' : `: ${why}`}`);
    }
  }

  /** A line of its own, whatever is being rewritten. */
  say(text: string): void {
    this.#line(text);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#poll(true);
    if (this.#open) process.stderr.write('\n');
  }

  #poll(isLast = false): void {
    const live = readLive(this.#dir);
    if (!live) return;
    const why = `${live.state}${live.reason ? `: ${live.reason}` : ''}`;
    if (why !== this.#lastState && live.state !== 'training') this.#line(why);
    this.#lastState = why;
    if (live.globalStep === this.#lastStep) return;
    const now = performance.now();
    const due = process.stderr.isTTY || isLast || now - this.#saidAt >= LINE_MS || this.#lastStep < 0;
    if (!due || live.loss === undefined) return;
    this.#saidAt = now;
    this.#lastStep = live.globalStep;
    this.#progress(progressLine(live, this.#config));
  }

  #progress(text: string): void {
    if (!process.stderr.isTTY) return note(text);
    rewrite(text);
    this.#open = true;
  }

  #line(text: string): void {
    if (this.#open) process.stderr.write('\n');
    this.#open = false;
    note(text);
  }
}

export function progressLine(live: Live, config: RunConfig): string {
  const parts = [`step ${live.globalStep}/${config.train.steps}`];
  if (live.imagesPerSecond !== undefined) parts.push(`${live.imagesPerSecond.toFixed(1)} images/s`);
  if (live.loss !== undefined) parts.push(`loss ${live.loss.toFixed(4)}`);
  if (live.heldOutLoss !== undefined) parts.push(`held-out ${live.heldOutLoss.toFixed(4)}`);
  parts.push(`${live.workers.length} worker(s)`);
  if (live.etaSeconds !== undefined) parts.push(`${duration(live.etaSeconds)} to go`);
  return parts.join('  ');
}
