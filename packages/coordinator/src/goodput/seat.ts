import { PART_NAMES, type Part, type Parts } from '@ddpm-fleet/telemetry';
import type { Peer } from '../machine/index.js';

/** What is known of the time of one worker, by its name: processes come and go under it. */
export class Seat {
  /** Milliseconds by part. */
  readonly #totals: Record<Part, number>;
  /** Of the process that is there now. */
  #peer: Peer | null = null;
  #part: Part = 'starting';
  /** When the open part began; or when the process was lost. */
  #since: number;
  #wasActive = false;
  /** Milliseconds between what an earlier life of the coordinator noted and this one's first word of the process. */
  #gap = 0;

  /** @param parts seconds that an earlier life counted */
  constructor(now: number, parts: Parts = {}) {
    this.#totals = Object.fromEntries(PART_NAMES.map((part) => [part, 1000 * (parts[part] ?? 0)])) as Record<
      Part,
      number
    >;
    this.#since = now;
  }

  get peer(): Peer | null {
    return this.#peer;
  }

  get wasActive(): boolean {
    return this.#wasActive;
  }

  /** @param gap milliseconds that nobody has counted, in which the process lived if it holds a state */
  meet(now: number, peer: Peer, gap: number | null): void {
    if (gap === null) this.#totals.away += now - this.#since;
    this.#peer = peer;
    this.#part = 'starting';
    this.#since = now;
    this.#wasActive = false;
    this.#gap = gap ?? 0;
  }

  enter(now: number, part: Part): void {
    if (this.#gap > 0 && this.#peer?.held) {
      this.#totals.idle += this.#gap;
      this.#gap = 0;
    }
    this.#wasActive ||= this.#peer?.status === 'active';
    if (part === this.#part) return;
    this.#close(now);
    this.#part = part;
  }

  /** Somebody was lost who had been silent since then. */
  blame(now: number, silentSince: number): void {
    if (this.#part !== 'waiting') return;
    this.#detect(now, silentSince);
  }

  lose(now: number): void {
    this.#detect(now, this.#peer!.lastSeen);
    this.#peer = null;
  }

  /** Seconds by part until now. */
  parts(now: number): Parts {
    const open = (part: Part): number => (this.#peer && part === this.#part ? now - this.#since : 0);
    return Object.fromEntries(
      PART_NAMES.map((part) => [part, Math.round(this.#totals[part] + open(part)) / 1000] as const).filter(
        ([, seconds]) => seconds > 0,
      ),
    );
  }

  #detect(now: number, silentSince: number): void {
    const until = Math.min(now, Math.max(this.#since, silentSince));
    this.#totals[this.#part] += until - this.#since;
    this.#totals.detecting += now - until;
    this.#since = now;
  }

  #close(now: number): void {
    this.#totals[this.#part] += now - this.#since;
    this.#since = now;
  }
}
