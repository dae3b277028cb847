import { chunkSpan, fromWire, stateFrom, type DataFrame, type StateArrays } from '@ddpm-fleet/protocol';
import type { EffectOf } from '../machine/index.js';

type Expected = EffectOf<'expectState'>;

/** A training state on its way from a worker into a checkpoint. */
export class StateIntake {
  readonly expected: Expected;
  readonly #arrays: Float32Array[];
  readonly #seen = new Set<string>();
  #openElements: number;

  constructor(expected: Expected) {
    this.expected = expected;
    // Shared memory, so that the thread that saves it needs no copy.
    this.#arrays = expected.sections.map(({ count }) => new Float32Array(new SharedArrayBuffer(count * 4)));
    this.#openElements = expected.sections.reduce((sum, { count }) => sum + count, 0);
  }

  /** Takes a chunk. Returns whether the state is whole. */
  add({ header, payload }: DataFrame): boolean {
    const section = this.expected.sections[header.index];
    if (!section) return false;
    const { start, end } = chunkSpan(section, header.bucket);
    const key = `${header.index}/${header.bucket}`;
    if (end - start !== header.count || header.count === 0 || this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#arrays[header.index]!.set(fromWire(payload, header.dtype), start);
    this.#openElements -= header.count;
    return this.#openElements === 0;
  }

  /** @throws ProtocolError when sections are missing */
  state(): StateArrays & { globalStep: number } {
    return { globalStep: this.expected.globalStep, ...stateFrom(this.expected.sections, this.#arrays) };
  }
}
