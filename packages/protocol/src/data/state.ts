import type { StateSection } from '../control/messages.js';
import { ProtocolError } from '../protocolError.js';

/** The arrays of a training state, as trainer and checkpoint have them. */
export interface StateArrays {
  readonly params: Float32Array;
  readonly optimizer: { readonly m: Float32Array; readonly v: Float32Array };
  /** By ascending decay. */
  readonly emas: readonly { readonly decay: number; readonly values: Float32Array }[];
  readonly derived: readonly { readonly name: string; readonly values: Float32Array }[];
}

/** The sections of a transfer in their one order, and the array of each. Arrays are shared, not copied. */
export function sectionsOf(state: StateArrays): { sections: StateSection[]; arrays: Float32Array[] } {
  const named: [string, Float32Array][] = [
    ['params', state.params],
    ['optimizer.m', state.optimizer.m],
    ['optimizer.v', state.optimizer.v],
    ...state.derived.map(({ name, values }): [string, Float32Array] => [`derived-${name}`, values]),
    ...state.emas.map(({ decay, values }): [string, Float32Array] => [`ema-${decay}`, values]),
  ];
  return {
    sections: named.map(([name, values]) => ({ name, count: values.length })),
    arrays: named.map(([, values]) => values),
  };
}

/**
 * The state whose sections these are.
 * @throws ProtocolError when params or a moment is missing or a name is unknown
 */
export function stateFrom(sections: readonly StateSection[], arrays: readonly Float32Array[]): StateArrays {
  const emas: { decay: number; values: Float32Array }[] = [];
  const derived: { name: string; values: Float32Array }[] = [];
  const plain = new Map<string, Float32Array>();
  for (const [i, { name }] of sections.entries()) {
    const values = arrays[i]!;
    if (name.startsWith('ema-')) emas.push({ decay: Number(name.slice(4)), values });
    else if (name.startsWith('derived-')) derived.push({ name: name.slice(8), values });
    else plain.set(name, values);
  }
  const required = (name: string) => {
    const values = plain.get(name);
    if (!values) throw new ProtocolError('schema', `the state has no section ${name}`);
    return values;
  };
  return {
    params: required('params'),
    optimizer: { m: required('optimizer.m'), v: required('optimizer.v') },
    emas,
    derived,
  };
}

/** A 64-bit fingerprint (signed or unsigned) as the protocol spells it. */
export function fingerprintText(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}
