import test from 'ava';
import { datasetConformance } from '../../src/conformance.js';

/** Runs the conformance suite as tests of this file. */
export function conform(name: string, make: Parameters<typeof datasetConformance>[0]): void {
  for (const check of datasetConformance(make)) {
    test(`${name}, ${check.name}`, async (t) => {
      await check.run();
      t.pass();
    });
  }
}
