import { register } from 'node:module';
import { MUTANTS } from './mutants.js';
import { SHORT_FORM } from './shortForm.js';

/**
 * Runs the short form, or one seed, with one of the mutants: `node mutantMain.js 3 [SEED]`. Prints what found it, or
 * nothing.
 */
const [number, seed] = process.argv.slice(2).map(Number);
register('./mutantHook.js', import.meta.url, { data: MUTANTS[number!]! });
const { runBatch } = await import('./batch.js');
const seeds = seed === undefined ? SHORT_FORM : { ...SHORT_FORM, first: seed, seeds: 1 };
const { failure } = await runBatch(seeds);
if (failure) console.log(failure.message);
