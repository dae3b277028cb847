import type { Engine, Module, ModuleSpec } from '../engine.js';

/** The part of an AVA test's context that the suite uses. */
export interface Assertions {
  is(actual: unknown, expected: unknown, message?: string): unknown;
  deepEqual(actual: unknown, expected: unknown, message?: string): unknown;
  true(actual: unknown, message?: string): unknown;
  throws(run: () => unknown, expectations?: { message?: RegExp }): unknown;
  throwsAsync(run: () => Promise<unknown>, expectations?: { message?: RegExp }): Promise<unknown>;
}

/** AVA's `test.serial`: cases count tensors, so that no two of them may overlap. */
export type Test = (title: string, run: (t: Assertions) => Promise<void>) => unknown;

export interface Case {
  readonly title: string;
  readonly run: (t: Assertions, engine: Engine) => Promise<unknown>;
}

/** Loads a module, hands it to `use`, and disposes it whatever happens. */
export async function withModule(
  engine: Engine,
  spec: ModuleSpec,
  use: (module: Module) => void | Promise<void>,
): Promise<void> {
  const module = await engine.load(spec);
  try {
    await use(module);
  } finally {
    module.dispose();
  }
}

/** Whether every element is within `tolerance`. */
export function isClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): boolean {
  if (actual.length !== expected.length) return false;
  for (let i = 0; i < actual.length; i++)
    if (!(Math.abs(actual[i]! - expected[i]!) <= tolerance)) return false;
  return true;
}
