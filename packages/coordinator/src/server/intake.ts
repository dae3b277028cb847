import {
  chunkSpan,
  fromWire,
  stateFrom,
  type DataFrame,
  type StateArrays,
  type StateHeader,
} from '@ddpm-fleet/protocol';
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
  add({ header, payload }: DataFrame<StateHeader>): boolean {
    const section = this.expected.sections[header.section];
    if (!section) return false;
    const { start, end } = chunkSpan(section, header.chunk);
    const key = `${header.section}/${header.chunk}`;
    if (end - start !== header.count || this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.#arrays[header.section]!.set(fromWire(payload), start);
    this.#openElements -= header.count;
    return this.#openElements === 0;
  }

  /** @throws ProtocolError when sections are missing */
  state(): StateArrays & { globalStep: number } {
    return { globalStep: this.expected.globalStep, ...stateFrom(this.expected.sections, this.#arrays) };
  }
}
