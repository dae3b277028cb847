import { homedir } from 'node:os';
import { join } from 'node:path';
import { LEAVES } from './schema.js';

const LISTS = ['positiveList', 'decayList', 'widthList', 'positiveNumberList'];
/** Settings that name a place on this host's disk. */
const PATHS = ['data.path', 'checkpoint.store'];

/** A value as people type it: `1,2,2` for a list, `4` for a list of one, `~/faces` for a path. */
export function asTyped(path: string, value: unknown): unknown {
  if (PATHS.includes(path)) return expandHome(value);
  return LISTS.includes(LEAVES.get(path)?.format as string) ? asList(value) : value;
}

function expandHome(value: unknown): unknown {
  return typeof value === 'string' && /^~(?=\/)/.test(value) ? join(homedir(), value.slice(1)) : value;
}

/** What is no list of numbers is left as it is, and refused as that. */
function asList(value: unknown): unknown {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'string') return value;
  const items = value.trim().split(/\s*,\s*|\s+/);
  return items.every((item) => /^\d+(\.\d+)?$/.test(item)) ? items.map(Number) : value;
}
