import type { Target } from './schedule.js';

/** Something that was done to a run. */
export interface Injury {
  readonly target: Target;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Who was hit: the ids that the coordinator knows, or `coordinator`. */
  readonly victims: readonly { readonly id: string; readonly pid: number; readonly wasActive: boolean }[];
  /** Active workers that were left alone, as the coordinator's status had them a moment before. */
  readonly othersActive: readonly string[];
  readonly globalStep: number;
  /** Of a stop. */
  readonly stopMs?: number;
}
