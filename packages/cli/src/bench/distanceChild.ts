import { createInterface } from 'node:readline';
import { openEngine, openSymmetricAlgebra } from '@ddpm-fleet/engine';
import { frechetDistance, readStatistics } from '@ddpm-fleet/inference';
import { print } from '../output.js';

/** What either side answers to `A.npz B.npz`. */
export interface TimedDistance {
  readonly seconds: number;
  readonly distance: number;
}

/** Our side of `bench distance`. */
export async function runDistanceChild(kind: 'tensorflow' | 'wasm', threads: number): Promise<void> {
  const engine = await openEngine({ kind, compiled: true, precision: 'float32', threads });
  print(JSON.stringify(engine.description));
  for await (const line of createInterface({ input: process.stdin })) {
    const [first, second] = line.split(' ');
    if (!second) break;
    const [a, b] = [await readStatistics(first!), await readStatistics(second)];
    const started = performance.now();
    const algebra = openSymmetricAlgebra(engine, a.mu.length);
    const { distance } = frechetDistance(a, b, algebra);
    algebra?.dispose();
    const answer: TimedDistance = { seconds: (performance.now() - started) / 1000, distance };
    print(JSON.stringify(answer));
  }
  process.exit(0);
}
