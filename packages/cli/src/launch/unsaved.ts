import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { openStore } from '@ddpm-fleet/checkpoint';
import { checkpointLocation, runPaths, type RunConfig } from '@ddpm-fleet/config';
import { parseLine } from '@ddpm-fleet/coordinator';

/** Holds the newest step's line, however many others are behind it. */
const TAIL_BYTES = 4 << 20;

/** The steps that a run that has ended did and no checkpoint holds, in words; undefined where there are none. */
export async function unsavedWork(dir: string, config: RunConfig): Promise<string | undefined> {
  const done = stepOfJournal(runPaths(dir).journal);
  if (done === 0) return undefined;
  const location = checkpointLocation(config, dir);
  try {
    const infos = await openStore(location).list();
    const saved = infos.find(({ manifest, globalStep }) => manifest && globalStep <= done)?.globalStep ?? 0;
    if (saved === done) return undefined;
    const since = saved === 0 ? 'there is no checkpoint' : `the newest checkpoint is of step ${saved}`;
    return `step ${done} is done and ${since}, so ${done - saved} steps are lost`;
  } catch (error) {
    return `step ${done} is done and ${location} cannot be read (${(error as Error).message})`;
  }
}

/** Where the journal says that the run stands. */
function stepOfJournal(path: string): number {
  if (!existsSync(path)) return 0;
  for (const text of tailOf(path).split('\n').toReversed()) {
    const line = parseLine(text);
    if (typeof line === 'string') continue;
    if (line.kind === 'step') return line.globalStep + 1;
    if (line.kind === 'rewind' || line.kind === 'branch') return line.globalStep;
  }
  return 0;
}

function tailOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}
