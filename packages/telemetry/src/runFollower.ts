import { runPaths } from '@ddpm-fleet/config';
import { parseEvent, type RunEvent } from './events.js';
import { LineFollower } from './lineFollower.js';

/** How far the two files of a run have been read, in bytes. */
export interface RunPosition {
  readonly journal: number;
  readonly measures: number;
}

export const BEGINNING: RunPosition = { journal: 0, measures: 0 };

/**
 * The events of a run, live or not, in the order of each file. What follows a run reads its files: so a reader that is
 * slow, hangs or dies costs the run nothing and misses nothing.
 */
export class RunFollower {
  readonly #journal: LineFollower;
  readonly #measures: LineFollower;

  constructor(dir: string, from: RunPosition = BEGINNING) {
    const paths = runPaths(dir);
    this.#journal = new LineFollower(paths.journal, from.journal);
    this.#measures = new LineFollower(paths.measures, from.measures);
  }

  get position(): RunPosition {
    return { journal: this.#journal.offset, measures: this.#measures.offset };
  }

  /** The next events; none where nothing is new. */
  read(): RunEvent[] {
    return [...this.#journal.read(), ...this.#measures.read()].flatMap((text) => parseEvent(text) ?? []);
  }

  close(): void {
    this.#journal.close();
    this.#measures.close();
  }
}

/** Every event of a run so far. */
export function* eventsOf(dir: string): Generator<RunEvent> {
  const follower = new RunFollower(dir);
  try {
    for (let events = follower.read(); events.length > 0; events = follower.read()) yield* events;
  } finally {
    follower.close();
  }
}
