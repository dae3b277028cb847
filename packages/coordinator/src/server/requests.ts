import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const SUFFIX = '.drain';

/**
 * Workers that somebody asked to have drained: empty files `<worker>.drain` in the run's `requests`, which are taken
 * away. Whoever may write there may ask.
 */
export function takeDrainRequests(requests: string): string[] {
  try {
    const names = readdirSync(requests).filter((name) => name.endsWith(SUFFIX));
    for (const name of names) rmSync(join(requests, name), { force: true });
    return names.map((name) => name.slice(0, -SUFFIX.length));
  } catch {
    // Nobody has asked for anything yet.
    return [];
  }
}
