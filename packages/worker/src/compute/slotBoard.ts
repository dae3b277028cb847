/**
 * What the two threads tell each other while the compute thread is busy and takes no calls. Tickets rise; every ticket
 * up to `cancelledUpTo` is called off. Looked at between slots, because a slot cannot be interrupted.
 */
export class SlotBoard {
  readonly #cells: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.#cells = new Int32Array(shared);
  }

  get shared(): SharedArrayBuffer {
    return this.#cells.buffer as SharedArrayBuffer;
  }

  cancelUpTo(ticket: number): void {
    Atomics.store(this.#cells, 0, ticket);
  }

  isCancelled(ticket: number): boolean {
    return ticket <= Atomics.load(this.#cells, 0);
  }

  finishSlot(): void {
    Atomics.add(this.#cells, 1, 1);
  }

  /** Slots computed since the start, modulo 2^32. */
  get finished(): number {
    return Atomics.load(this.#cells, 1);
  }
}
