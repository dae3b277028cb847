import type { Engine } from '@ddpm-fleet/engine';
import anyTest, { type TestFn } from 'ava';
import { openTestEngine, type EngineName } from './tiny.js';

export const test = anyTest as TestFn<{ engine: Engine }>;

/** Opens the engine for all tests of a file; they run one after the other, because an engine blocks its thread. */
export function useEngine(name: EngineName): void {
  let engine: Engine | undefined;
  test.before(async () => {
    engine = await openTestEngine(name);
  });
  test.beforeEach((t) => {
    t.context.engine = engine!;
  });
  test.after.always(() => engine?.dispose());
}
