import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const CAPABILITIES = '--bounding-set=-dac_override,-dac_read_search,-fowner';

/** The superuser may open anything: without these capabilities modes count for it, too. */
const prefix = process.getuid?.() === 0 ? ['setpriv', CAPABILITIES] : [];

/** Whether modes of files can be made to count. */
export const modesCount = prefix.length === 0 || works(prefix);

function works([program, ...args]: readonly string[]): boolean {
  try {
    execFileSync(program!, [...args, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a module that prints JSON in a process for which modes of files count.
 * @param source may use everything that `src/index.js` exports, as `data`, and `given`
 */
export async function asOrdinaryUser<T>(source: string, given: unknown): Promise<T> {
  const index = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const code = `import * as data from ${index};\nconst given = ${JSON.stringify(given)};\n${source}`;
  const [program, ...args] = [...prefix, process.execPath, '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(program!, args);
  return JSON.parse(stdout) as T;
}
