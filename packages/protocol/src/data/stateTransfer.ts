import { sectionsOf, stateOf, type TrainState } from '@ddpm-fleet/core';
import type { MessageOf, StateSection } from '../control/messages.js';
import { ProtocolError } from '../protocolError.js';
import { chunksOf, chunkSpan } from './chunks.js';
import { fromWire } from './floats.js';
import { encodeFrame, type DataFrame } from './frame.js';
import { FrameKind, type StateHeader } from './header.js';

/** The STATE that announces the frames of a state. */
export function stateMessage(
  state: TrainState,
  transfer: number,
  fingerprint: string | null,
): MessageOf<'STATE'> {
  const sections = sectionsOf(state).map(({ name, values }) => ({ name, count: values.length }));
  return { type: 'STATE', transfer, globalStep: state.globalStep, sections, fingerprint };
}

/** The frames of a state, one after the other. Payloads are shared with the state. */
export function* stateFrames(
  state: TrainState,
  at: Pick<StateHeader, 'run' | 'generation' | 'transfer'>,
): Generator<readonly [Uint8Array, Uint8Array]> {
  const { globalStep } = state;
  for (const [section, { name, values }] of sectionsOf(state).entries()) {
    const announced = { name, count: values.length };
    for (let chunk = 0; chunk < chunksOf(announced); chunk++) {
      const { start, end } = chunkSpan(announced, chunk);
      const header = { kind: FrameKind.state, ...at, globalStep, section, chunk, count: end - start };
      yield encodeFrame(header, values.subarray(start, end));
    }
  }
}

/** What is known of a state before its frames: STATE says it. */
export type Announcement = Pick<MessageOf<'STATE'>, 'globalStep' | 'sections'>;

type Allocate = (count: number) => Float32Array;

interface Open<A extends Announcement> {
  readonly announcement: A;
  readonly arrays: readonly Float32Array[];
  readonly seen: Set<string>;
  missing: number;
}

/**
 * Puts the state of one transfer together, chunk by chunk into its place. Frames that come before their announcement
 * wait for it: the planes keep no order between them.
 */
export class StateReceiver<A extends Announcement = MessageOf<'STATE'>> {
  readonly transfer: number;
  readonly #allocate: Allocate;
  #early: DataFrame<StateHeader>[] = [];
  #open: Open<A> | undefined;

  /** @param allocate memory for one section */
  constructor(transfer: number, allocate: Allocate = (count) => new Float32Array(count)) {
    this.transfer = transfer;
    this.#allocate = allocate;
  }

  announce(announcement: A): void {
    const { sections } = announcement;
    this.#open = {
      announcement,
      arrays: sections.map(({ count }) => this.#allocate(count)),
      seen: new Set(),
      missing: framesOf(sections),
    };
    for (const frame of this.#early.splice(0)) this.add(frame);
  }

  /** Frames of other transfers, repeated ones and those that do not fit are dropped. */
  add(frame: DataFrame<StateHeader>): void {
    const { transfer, section: index, chunk, globalStep, count } = frame.header;
    if (transfer !== this.transfer) return;
    if (!this.#open) return void this.#early.push(frame);
    const { announcement, arrays, seen } = this.#open;
    const section = announcement.sections[index];
    const key = `${index}/${chunk}`;
    if (!section || globalStep !== announcement.globalStep || seen.has(key)) return;
    const { start, end } = chunkSpan(section, chunk);
    if (chunk >= chunksOf(section) || count !== end - start) return;
    arrays[index]!.set(fromWire(frame.payload), start);
    seen.add(key);
    this.#open.missing--;
  }

  /** What was announced. */
  get announcement(): A | undefined {
    return this.#open?.announcement;
  }

  /** Whether every chunk is in its place. */
  get isWhole(): boolean {
    return this.#open?.missing === 0;
  }

  /**
   * The state, once it is whole; its buffers are the receiver's.
   * @throws ProtocolError when its sections are no state
   */
  state(): TrainState {
    if (!this.#open || !this.isWhole) throw new ProtocolError('schema', 'the state is not whole');
    const { announcement, arrays } = this.#open;
    const sections = announcement.sections.map(({ name }, i) => ({ name, values: arrays[i]! }));
    try {
      return stateOf(announcement.globalStep, sections);
    } catch (error) {
      throw new ProtocolError('schema', (error as Error).message);
    }
  }
}

/** Frames that bring these sections. */
export function framesOf(sections: readonly StateSection[]): number {
  return sections.reduce((sum, section) => sum + chunksOf(section), 0);
}
