import { installEngine, locateEngine } from '../src/index.js';

/** Tests of the TensorFlow engine run on the real one: where it is missing they install it, which takes a minute. */
export async function ensureInstalled(): Promise<void> {
  if (!locateEngine()) await installEngine({ variant: 'cpu', onProgress: (line) => console.error(line) });
}
