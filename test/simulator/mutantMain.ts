import { register } from 'node:module';
import { MUTANTS } from './mutants.js';
import { SHORT_FORM } from './shortForm.js';

/** Runs seeds with one of the mutants until one finds it: `node mutantMain.js 3 SEED [SEEDS]`. Prints what found it. */
const [number, first = 1, seeds = 40] = process.argv.slice(2).map(Number);
register('./mutantHook.js', import.meta.url, { data: MUTANTS[number!]! });
const { runBatch } = await import('./batch.js');
const { failure } = await runBatch({ ...SHORT_FORM, first, seeds });
if (failure) console.log(failure.message);
