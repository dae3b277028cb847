import type { InitializeHook, LoadHook } from 'node:module';
import type { Mutant } from './mutants.js';

let mutant: Mutant;

export const initialize: InitializeHook<Mutant> = (data) => {
  mutant = data;
};

/** Loads the compiled machine with the bug in it. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith(`/${mutant.file}.js`)) return loaded;
  const [before, after, ...more] = String(loaded.source).split(mutant.from);
  if (after === undefined || more.length > 0)
    throw new Error(`${mutant.file} does not hold once: ${mutant.from}`);
  return { ...loaded, source: `${before}${mutant.to}${after}` };
};
