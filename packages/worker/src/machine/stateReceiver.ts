import type { TrainState } from '@ddpm-fleet/checkpoint';
import {
  chunksOf,
  chunkSpan,
  fromWire,
  stateFrom,
  type DataFrame,
  type MessageOf,
  type StateHeader,
} from '@ddpm-fleet/protocol';

interface Announced {
  readonly message: MessageOf<'STATE'>;
  readonly arrays: readonly Float32Array[];
  readonly seen: Set<string>;
  missing: number;
}

/** Puts one transfer together. Frames that come before STATE wait for it: the planes keep no order between them. */
export class StateReceiver {
  readonly transfer: number;
  #early: DataFrame<StateHeader>[] = [];
  #announced: Announced | undefined;

  constructor(transfer: number) {
    this.transfer = transfer;
  }

  announce(message: MessageOf<'STATE'>): void {
    this.#announced = {
      message,
      arrays: message.sections.map(({ count }) => new Float32Array(count)),
      seen: new Set(),
      missing: message.sections.reduce((sum, section) => sum + chunksOf(section), 0),
    };
    for (const frame of this.#early.splice(0)) this.add(frame);
  }

  /** Frames of other transfers, repeated ones and those that do not fit are dropped. */
  add(frame: DataFrame<StateHeader>): void {
    const { transfer, section: index, chunk, globalStep, count } = frame.header;
    if (transfer !== this.transfer) return;
    if (!this.#announced) return void this.#early.push(frame);
    const { message, arrays, seen } = this.#announced;
    const section = message.sections[index];
    const key = `${index}/${chunk}`;
    if (!section || globalStep !== message.globalStep || seen.has(key)) return;
    const { start, end } = chunkSpan(section, chunk);
    if (chunk >= chunksOf(section) || count !== end - start) return;
    arrays[index]!.set(fromWire(frame.payload), start);
    seen.add(key);
    this.#announced.missing--;
  }

  /**
   * The state once all of it is there.
   * @throws ProtocolError when it lacks a section
   */
  get received(): { readonly state: TrainState; readonly fingerprint: string | null } | undefined {
    if (!this.#announced || this.#announced.missing > 0) return undefined;
    const { message, arrays } = this.#announced;
    const state = { globalStep: message.globalStep, ...stateFrom(message.sections, arrays) };
    return { state, fingerprint: message.fingerprint };
  }
}
