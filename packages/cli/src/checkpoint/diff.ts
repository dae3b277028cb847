import type { Snapshot } from '@ddpm-fleet/checkpoint';
import { assertSameLayout, sectionsOf, viewOf } from '@ddpm-fleet/core';

export interface TensorDiff {
  /** e.g. `params/conv_in/W`, `ema-0.9999/conv_in/W`. */
  readonly tensor: string;
  readonly size: number;
  /** Elements whose bits differ. */
  readonly differing: number;
  readonly largest: number;
}

/** Compares two states tensor by tensor, bit for bit. @throws DDPM_ERR_LAYOUT_MISMATCH */
export function diffSnapshots(a: Snapshot, b: Snapshot): TensorDiff[] {
  assertSameLayout(a.layout, b.layout);
  const right = new Map(flatsOf(b));
  return flatsOf(a).flatMap(([group, left]) => {
    const other = right.get(group);
    if (!other) return [{ tensor: group, size: left.length, differing: left.length, largest: Infinity }];
    return a.layout.entries.map((entry) => ({
      tensor: `${group}/${entry.name}`,
      size: entry.size,
      ...compare(viewOf(left, entry), viewOf(other, entry)),
    }));
  });
}

function flatsOf({ state }: Snapshot): [string, Float32Array][] {
  return sectionsOf(state)
    .filter(({ key }) => key.part !== 'derived')
    .map(({ name, values }) => [name.replace('.', '/'), values]);
}

function compare(left: Float32Array, right: Float32Array): { differing: number; largest: number } {
  let differing = 0;
  let largest = 0;
  for (let i = 0; i < left.length; i++) {
    if (Object.is(left[i], right[i])) continue;
    differing++;
    largest = Math.max(largest, Math.abs(left[i]! - right[i]!));
  }
  return { differing, largest };
}
