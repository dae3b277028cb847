import type { TrainState } from '@ddpm-fleet/checkpoint';
import {
  chunksOf,
  chunkSpan,
  Dtype,
  encodeFrame,
  FrameKind,
  fromWire,
  ProtocolError,
  type DataFrame,
  type MessageOf,
  type StateSection,
} from '@ddpm-fleet/protocol';

interface NamedSection {
  readonly name: string;
  readonly values: Float32Array;
}

/** The arrays of a state under the names and in the order in which they travel (PROTOCOL.md, "State transfer"). */
export function sectionsOf(state: TrainState): NamedSection[] {
  return [
    { name: 'params', values: state.params },
    { name: 'optimizer.m', values: state.optimizer.m },
    { name: 'optimizer.v', values: state.optimizer.v },
    ...state.derived.map(({ name, values }) => ({ name: `derived-${name}`, values })),
    ...state.emas.map(({ decay, values }) => ({ name: `ema-${decay}`, values })),
  ];
}

/** @throws ProtocolError when a section is missing */
export function stateOf(globalStep: number, sections: readonly NamedSection[]): TrainState {
  const one = (name: string): Float32Array => {
    const section = sections.find((s) => s.name === name);
    if (!section) throw new ProtocolError('schema', `a state without ${name}`);
    return section.values;
  };
  const rest = (prefix: string) =>
    sections
      .filter((s) => s.name.startsWith(prefix))
      .map((s) => ({ name: s.name.slice(prefix.length), values: s.values }));
  return {
    globalStep,
    params: one('params'),
    optimizer: { m: one('optimizer.m'), v: one('optimizer.v') },
    emas: rest('ema-').map(({ name, values }) => ({ decay: Number(name), values })),
    derived: rest('derived-'),
  };
}

/** The sections of a state as STATE lists them. */
export function listSections(sections: readonly NamedSection[]): StateSection[] {
  return sections.map(({ name, values }) => ({ name, count: values.length }));
}

/** The frames of a state, one after the other. Payloads are shared with the state. */
export function* stateFrames(
  sections: readonly NamedSection[],
  at: { run: bigint; generation: number; globalStep: number; transfer: number },
): Generator<readonly [Uint8Array, Uint8Array]> {
  for (const [index, { name, values }] of sections.entries()) {
    const section = { name, count: values.length };
    for (let chunk = 0; chunk < chunksOf(section); chunk++) {
      const { start, end } = chunkSpan(section, chunk);
      const payload = values.subarray(start, end);
      const fixed = { kind: FrameKind.state, dtype: Dtype.float32, level: 0, index, bucket: chunk };
      yield encodeFrame({ ...fixed, ...at, count: end - start }, payload);
    }
  }
}

/** Puts one transfer together. Frames that come before STATE wait for it: the planes keep no order between them. */
export class StateReceiver {
  readonly transfer: number;
  #early: DataFrame[] = [];
  #announced: { readonly message: MessageOf<'STATE'>; readonly sections: NamedSection[] } | undefined;
  #missing = 0;
  readonly #seen = new Set<string>();

  constructor(transfer: number) {
    this.transfer = transfer;
  }

  announce(message: MessageOf<'STATE'>): void {
    const sections = message.sections.map(({ name, count }) => ({ name, values: new Float32Array(count) }));
    this.#announced = { message, sections };
    this.#missing = message.sections.reduce((sum, section) => sum + chunksOf(section), 0);
    this.#seen.clear();
    for (const frame of this.#early.splice(0)) this.add(frame);
  }

  /** Frames of other transfers, repeated ones and those that do not fit are dropped. */
  add(frame: DataFrame): void {
    const { transfer, index, bucket, globalStep, count, dtype } = frame.header;
    if (transfer !== this.transfer) return;
    if (!this.#announced) return void this.#early.push(frame);
    const { message, sections } = this.#announced;
    const section = message.sections[index];
    const key = `${index}/${bucket}`;
    if (!section || globalStep !== message.globalStep || this.#seen.has(key)) return;
    const { start, end } = chunkSpan(section, bucket);
    if (bucket >= chunksOf(section) || count !== end - start) return;
    sections[index]!.values.set(fromWire(frame.payload, dtype), start);
    this.#seen.add(key);
    this.#missing--;
  }

  /** The state once all of it is there. */
  get received(): { readonly state: TrainState; readonly fingerprint: string | null } | undefined {
    if (!this.#announced || this.#missing > 0) return undefined;
    const { message, sections } = this.#announced;
    return { state: stateOf(message.globalStep, sections), fingerprint: message.fingerprint };
  }
}
