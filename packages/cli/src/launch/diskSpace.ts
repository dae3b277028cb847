import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { checkpointLocation, emaProfiles, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { bytes } from '../output.js';

/** A directory that a run writes to, and the least that must be free in it for the next save. */
export interface Place {
  readonly path: string;
  readonly leastBytes: number;
}

/** For some hours of journal and logs. */
const LINES_BYTES = 1 << 20;

const FLOAT = 4;

/** Where a run writes on this host. */
export function placesOf(
  dir: string,
  config: RunConfig,
  { parameterCount }: Pick<RunRecord, 'parameterCount'>,
): Place[] {
  const location = checkpointLocation(config, dir);
  const checkpointBytes = parameterCount * FLOAT * (3 + emaProfiles(config.ema).length);
  if (location.startsWith(dir)) return [{ path: dir, leastBytes: LINES_BYTES + checkpointBytes }];
  const lines = { path: dir, leastBytes: LINES_BYTES };
  return location.includes('://') || location.startsWith('s3:')
    ? [lines]
    : [lines, { path: location, leastBytes: checkpointBytes }];
}

/** @throws Error in words, where the first save would fail */
export function assertSpace(places: readonly Place[]): void {
  for (const place of places) {
    const problem = problemOf(place, freeBytes(statfsSync(place.path, { bigint: true })));
    if (problem !== undefined) throw new Error(problem);
  }
}

/**
 * Says when a disk fills up while a run goes on, and when there is room again: journal, logs and live.json are on it
 * and cannot.
 */
export class DiskWatch {
  readonly #places: readonly Place[];
  readonly #say: (text: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #full = new Set<string>();

  constructor(places: readonly Place[], say: (text: string) => void) {
    this.#places = places;
    this.#say = say;
    this.#timer = setInterval(() => void this.#look(), 2000);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    for (const place of this.#places) {
      const stats = await statfs(place.path, { bigint: true }).catch(() => undefined);
      if (stats) this.#judge(place, freeBytes(stats));
    }
  }

  #judge(place: Place, free: number): void {
    const problem = problemOf(place, free);
    if ((problem !== undefined) === this.#full.has(place.path)) return;
    if (problem === undefined) {
      this.#full.delete(place.path);
      this.#say(`${place.path} has room again: what could not be written is written now`);
    } else {
      this.#full.add(place.path);
      this.#say(`${problem}. Training goes on in memory; free space, and the next save is complete.`);
    }
  }
}

function problemOf({ path, leastBytes }: Place, free: number): string | undefined {
  if (free >= leastBytes) return undefined;
  return `the disk of ${path} has ${bytes(free)} left, the next save needs ${bytes(leastBytes)}`;
}

function freeBytes({ bavail, bsize }: { bavail: bigint; bsize: bigint }): number {
  return Number(bavail * bsize);
}
