/** Time that passes when it is told to: what a simulation runs on. */
export interface Clock {
  /** Milliseconds. */
  readonly now: number;
  /** Runs `action` once, `delayMs` from now; of equal times the one asked for first. Returns what calls it off. */
  after(delayMs: number, action: () => void): () => void;
}

/** Runs `action` again and again, `periodMs` apart, until what it returns is called. */
export function every(clock: Clock, periodMs: number, action: () => void): () => void {
  let cancel = clock.after(periodMs, again);
  let isOver = false;
  function again(): void {
    action();
    if (!isOver) cancel = clock.after(periodMs, again);
  }
  return () => {
    isOver = true;
    cancel();
  };
}

interface Appointment {
  readonly at: number;
  readonly order: number;
  action: (() => void) | undefined;
}

/** A clock that jumps from one appointment to the next. */
export class VirtualClock implements Clock {
  /** A binary heap: every element is due no later than its children. */
  readonly #heap: Appointment[] = [];
  #now = 0;
  #orders = 0;

  get now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const heap = this.#heap;
    const appointment: Appointment = { at: this.#now + Math.max(0, delayMs), order: this.#orders++, action };
    heap.push(appointment);
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (isDueFirst(heap[parent]!, heap[child]!)) break;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      child = parent;
    }
    return () => (appointment.action = undefined);
  }

  /** Goes to the next appointment. Returns whether there was one. */
  step(): boolean {
    const next = this.#take();
    if (!next) return false;
    this.#now = next.at;
    next.action?.();
    return true;
  }

  /** Goes through all appointments of the next `ms` milliseconds. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) this.step();
    this.#now = until;
  }

  #take(): Appointment | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || first === last) return first;
    heap[0] = last!;
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isDueFirst(heap[right]!, heap[left]!) ? right : left;
      if (isDueFirst(heap[parent]!, heap[child]!)) break;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      parent = child;
    }
    return first;
  }
}

function isDueFirst(a: Appointment, b: Appointment): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** The clock on the wall. */
export const wallClock: Clock = {
  get now() {
    return performance.now();
  },
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
