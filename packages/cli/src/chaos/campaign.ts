import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runPaths } from '@ddpm-fleet/config';
import { readLive } from '../launch/live.js';
import { Injector } from './injector.js';
import type { Injury } from './injury.js';
import { faultAt, type Fault, type Weights } from './schedule.js';

const LOOK_MS = 25;
/** How long the run is given to commit a step after the last fault. */
const RECOVERY_MS = 60_000;

export interface CampaignOptions {
  readonly runDir: string;
  readonly seed: number;
  readonly everyMs: number;
  readonly weights: Weights;
  readonly forMs: number;
  /** Ends it earlier. */
  readonly maxFaults: number;
  readonly spare: number;
  readonly signal: AbortSignal;
  readonly onInjury: (injury: Injury) => void;
}

/** Injures a run until the time is over, the faults are, or the run is; then waits until it commits again. */
export async function runCampaign(options: CampaignOptions): Promise<Injury[]> {
  const { runDir, seed, everyMs, weights, forMs, maxFaults } = options;
  const injector = new Injector(runDir, options.spare);
  const injuries: Injury[] = [];
  const endAt = performance.now() + forMs;
  try {
    let due = performance.now();
    for (let k = 0; injuries.length < maxFaults; k++) {
      const fault = faultAt(seed, k, everyMs, weights);
      due = Math.max(due + fault.afterMs, performance.now());
      const injury = await injectAt(injector, fault, due, endAt, options);
      if (!injury) break;
      injuries.push(injury);
      options.onInjury(injury);
    }
  } finally {
    injector.close();
  }
  if (injuries.length > 0) await recovered(runDir, options.signal);
  return injuries;
}

/** The fault is put off until there is somebody to whom it can be done; undefined when there is no more time. */
async function injectAt(
  injector: Injector,
  fault: Fault,
  due: number,
  endAt: number,
  { signal, runDir }: CampaignOptions,
): Promise<Injury | undefined> {
  const isOver = (): boolean => signal.aborted || performance.now() >= endAt || hasEnded(runDir);
  while (performance.now() < due && !isOver()) await sleep(LOOK_MS);
  while (!isOver()) {
    const injury = injector.inject(fault);
    if (injury) return injury;
    await sleep(LOOK_MS);
  }
  return undefined;
}

async function recovered(runDir: string, signal: AbortSignal): Promise<void> {
  const before = readLive(runDir)?.globalStep ?? 0;
  for (const endAt = performance.now() + RECOVERY_MS; performance.now() < endAt && !signal.aborted;) {
    if (hasEnded(runDir)) return;
    await sleep(LOOK_MS);
    const live = readLive(runDir);
    if (live && live.globalStep > before + 1 && live.state === 'training') return;
  }
}

/** A coordinator that ends in order takes its file away; one that is killed leaves it. */
function hasEnded(runDir: string): boolean {
  return !existsSync(runPaths(runDir).live);
}
