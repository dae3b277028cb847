import { register } from 'node:module';
import { MUTANTS } from './mutants.js';
import { SHORT_FORM } from './shortForm.js';

/**
 * Runs the short form, or so many seeds, with one of the mutants: `node mutantMain.js 3 [SEED [SEEDS]]`. Prints what
 * found it, or nothing.
 */
const [number, seed, count = 1] = process.argv.slice(2).map(Number);
register('./mutantHook.js', import.meta.url, { data: MUTANTS[number!]! });
const { runBatch } = await import('./batch.js');
const seeds = seed === undefined ? SHORT_FORM : { ...SHORT_FORM, first: seed, seeds: count };
const { failure } = await runBatch(seeds);
if (failure) console.log(failure.message);
