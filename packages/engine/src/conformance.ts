import type { Engine } from './engine.js';
import { gradientCases } from './conformance/gradient.js';
import { inputCases } from './conformance/inputs.js';
import { eagerMemoryCases, memoryCases } from './conformance/memory.js';
import { numericCases } from './conformance/numeric.js';
import { randomCases } from './conformance/random.js';
import { slopeCases } from './conformance/slopes.js';
import type { Case, Test } from './conformance/suite.js';
import { variableCases } from './conformance/variables.js';

const CASES: readonly Case[] = [
  ...variableCases,
  ...inputCases,
  ...randomCases,
  ...gradientCases,
  ...numericCases,
  ...slopeCases,
  ...memoryCases,
];

/**
 * What every engine must do, as tests: pass AVA's `test.serial` and a way to open the engine, which is opened once.
 * @param eager the engine runs bodies at each call: one more case, for a body that throws
 */
export function engineConformance(test: Test, open: () => Promise<Engine>, eager = false): void {
  let opened: Promise<Engine> | undefined;
  for (const { title, run } of eager ? [...CASES, ...eagerMemoryCases] : CASES) {
    test(title, async (t) => void (await run(t, await (opened ??= open()))));
  }
}
