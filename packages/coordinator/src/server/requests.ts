import { join } from 'node:path';
import type { Files } from './files.js';

const SUFFIX = '.drain';

/**
 * Workers that somebody asked to have drained: empty files `<worker>.drain` in the run's `requests`, which are taken
 * away. Whoever may write there may ask.
 */
export function takeDrainRequests(files: Files, requests: string): string[] {
  try {
    const names = files.list(requests).filter((name) => name.endsWith(SUFFIX));
    for (const name of names) files.remove(join(requests, name));
    return names.map((name) => name.slice(0, -SUFFIX.length));
  } catch {
    // Nobody has asked for anything yet.
    return [];
  }
}
