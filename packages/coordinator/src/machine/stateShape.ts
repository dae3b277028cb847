import { sectionKey } from '@ddpm-fleet/core';
import { chunksOf, type StateSection } from '@ddpm-fleet/protocol';
import type { MachineOptions } from './options.js';

type Shape = Pick<MachineOptions, 'bucketSizes' | 'maxAverages'>;

/** Of derived state, which has no layout: several times what a history of losses needs. */
const MAX_DERIVED = 8;
const MAX_DERIVED_ELEMENTS = 1 << 20;
/** Parameters and both moments. */
const FIXED = 3;

/** Why sections that a worker announces cannot be a state of this run; undefined where they can. */
export function shapeProblem(sections: readonly StateSection[], shape: Shape): string | undefined {
  const size = sizeOf(shape);
  const names = new Set<string>();
  const counts = { params: 0, optimizer: 0, derived: 0, ema: 0 };
  for (const { name, count } of sections) {
    const part = sectionKey(name)?.part;
    if (!part || names.has(name)) return `it has a section "${name}"`;
    names.add(name);
    counts[part]++;
    if (part === 'derived' ? count > MAX_DERIVED_ELEMENTS : count !== size)
      return `its section "${name}" has ${count} elements, the model has ${size}`;
  }
  const isWhole = counts.params + counts.optimizer === FIXED;
  const isMore = counts.derived > MAX_DERIVED || counts.ema > shape.maxAverages;
  return isWhole && !isMore ? undefined : `it has ${sections.length} sections`;
}

/** Whether a chunk can be one of a state, before it is known what its sections are. */
export function isPossibleChunk(section: number, chunk: number, shape: Shape): boolean {
  const count = Math.max(sizeOf(shape), MAX_DERIVED_ELEMENTS);
  return section < FIXED + MAX_DERIVED + shape.maxAverages && chunk < chunksOf({ name: '', count });
}

function sizeOf({ bucketSizes }: Shape): number {
  return bucketSizes.reduce((sum, size) => sum + size, 0);
}
