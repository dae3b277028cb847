import type { LaunchPlan } from '@ddpm-fleet/launcher';
import { bytes } from '../output.js';

/** GPUs whose workers need more memory than it has, as far as that is known before anything starts. */
export function gpuMemoryNotes({ workers }: LaunchPlan, workerBytes: number): string[] {
  const shared = new Map<string, { memoryBytes: number; count: number }>();
  for (const { host, device } of workers) {
    if (device.kind !== 'gpu' || !device.memoryBytes) continue;
    const name = `GPU ${device.id} of ${host}`;
    const count = (shared.get(name)?.count ?? 0) + 1;
    shared.set(name, { memoryBytes: device.memoryBytes, count });
  }
  return [...shared]
    .filter(([, { memoryBytes, count }]) => count * workerBytes > memoryBytes)
    .map(([name, { memoryBytes, count }]) => {
      const who = count === 1 ? 'its worker needs' : `its ${count} workers need`;
      return `WARNING: ${name} has ${bytes(memoryBytes)} and ${who} about ${bytes(count * workerBytes)}: lower batch.slotBatchSize and raise batch.numSlots by as much, or lower model.ch.`;
    });
}
