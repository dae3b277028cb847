import { openAverages, SnapshotAverages } from '@ddpm-fleet/checkpoint';
import { bytes, print } from '../output.js';
import { findTarget } from '../target.js';

export interface ThinFlags {
  readonly keep: number;
  readonly dryRun?: boolean;
}

/** Removes snapshots until few are left, evenly spread over the run, and says what can be made of them. */
export async function thin(text: string, { keep, dryRun = false }: ThinFlags): Promise<void> {
  const store = openAverages(findTarget(text).store.location);
  const averages = await SnapshotAverages.open(store);
  const kept = evenly(averages.steps, keep);
  const left = await SnapshotAverages.open(store, kept);
  const removed = (await store.list()).filter(
    ({ globalStep, manifest }) => manifest && !kept.includes(globalStep),
  );
  if (!dryRun) for (const info of removed) await store.remove(info);
  const freed = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const does = dryRun ? 'would remove' : 'removed';
  print(
    `${does} ${removed.length} of ${averages.steps.length} snapshots, ${bytes(freed)}; left: ${kept.join(', ')}`,
  );
  const last = averages.steps.at(-1)!;
  print(`after step ${last}: ${rangeText(left, last)} (before: ${rangeText(averages, last)})`);
}

/** Of ascending steps those nearest to equal parts of the last one, which is always among them. */
export function evenly(steps: readonly number[], keep: number): number[] {
  const last = steps.at(-1)!;
  const chosen = new Set<number>();
  for (let part = keep; part >= 1 && chosen.size < steps.length; part--) {
    const ideal = (last * part) / keep;
    const free = steps.filter((step) => !chosen.has(step));
    chosen.add(free.reduce((a, b) => (Math.abs(b - ideal) < Math.abs(a - ideal) ? b : a)));
  }
  return [...chosen].toSorted((a, b) => a - b);
}

function rangeText(averages: SnapshotAverages, step: number): string {
  const range = averages.range(step);
  return range ? `any width from ${range[0]} to ${range[1]}` : 'only the widths that were tracked';
}
