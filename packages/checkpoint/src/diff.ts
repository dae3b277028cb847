import { emaName, sectionsOf, viewOf, type SectionKey } from '@ddpm-fleet/core';
import type { Snapshot } from './state.js';

/** A tensor that is not the same in two snapshots. */
export interface TensorDifference {
  /** `params`, `m`, `v`, `ema-0.9999`, or `derived`. */
  readonly part: string;
  readonly name: string;
  /** Elements whose bits differ; undefined where only one side has the tensor, or it has another size. */
  readonly elements?: number;
  readonly maxAbs?: number;
}

export interface SnapshotDifference {
  readonly globalStep?: readonly [number, number];
  /** Identity settings that differ, or that only one side has. */
  readonly identity: readonly { readonly key: string; readonly left: unknown; readonly right: unknown }[];
  readonly tensors: readonly TensorDifference[];
  /** Tensors that either side has. */
  readonly compared: number;
}

/** How two snapshots differ, to the bit; both lists are empty when the states and identities are the same. */
export function diffSnapshots(left: Snapshot, right: Snapshot): SnapshotDifference {
  const steps = [left.state.globalStep, right.state.globalStep] as const;
  const [a, b] = [tensorsByName(left), tensorsByName(right)];
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  return {
    ...(steps[0] === steps[1] ? {} : { globalStep: steps }),
    identity: diffIdentity(left.meta.identity, right.meta.identity),
    tensors: diffTensors(keys, a, b),
    compared: keys.length,
  };
}

function diffIdentity(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
): SnapshotDifference['identity'] {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return keys
    .filter((key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]))
    .map((key) => ({ key, left: left[key], right: right[key] }));
}

function diffTensors(
  keys: readonly string[],
  left: ReadonlyMap<string, Float32Array>,
  right: ReadonlyMap<string, Float32Array>,
): TensorDifference[] {
  return keys.flatMap((key) => {
    const [part, name] = key.split('\0') as [string, string];
    const a = left.get(key);
    const b = right.get(key);
    if (!a || !b || a.length !== b.length) return [{ part, name }];
    const difference = diffValues(a, b);
    return difference.elements === 0 ? [] : [{ part, name, ...difference }];
  });
}

function diffValues(a: Float32Array, b: Float32Array): { elements: number; maxAbs: number } {
  const bitsA = new Uint32Array(a.buffer, a.byteOffset, a.length);
  const bitsB = new Uint32Array(b.buffer, b.byteOffset, b.length);
  let elements = 0;
  let maxAbs = 0;
  for (let i = 0; i < a.length; i++) {
    if (bitsA[i] === bitsB[i]) continue;
    elements++;
    const distance = Math.abs(a[i]! - b[i]!);
    if (!(distance <= maxAbs)) maxAbs = distance;
  }
  return { elements, maxAbs };
}

/** By part and name of the tensor. */
function tensorsByName({ state, layout }: Snapshot): Map<string, Float32Array> {
  const tensors = new Map<string, Float32Array>();
  for (const section of sectionsOf(state)) {
    const part = partOf(section.key);
    if (section.key.part === 'derived') tensors.set(`${part}\0${section.key.name}`, section.values);
    else
      for (const entry of layout.entries)
        tensors.set(`${part}\0${entry.name}`, viewOf(section.values, entry));
  }
  return tensors;
}

function partOf(key: SectionKey): string {
  if (key.part === 'optimizer') return key.moment;
  return key.part === 'ema' ? emaName(key) : key.part;
}
