import type { CheckpointInfo } from './manifest.js';

/** Which checkpoints stay: those that any of the rules keeps. */
export interface RetentionPolicy {
  /** The newest so many. */
  readonly keepLast: number;
  /** Every one whose step is a multiple of this; 0: none. */
  readonly keepEvery: number;
  /** The so many with the lowest held-out loss. */
  readonly keepBest: number;
}

/**
 * Divides `infos` (newest first) by the policy. What LATEST points at is kept: after a resume from an older step it
 * is not the newest. Damaged ones are neither counted nor removed.
 */
export function applyPolicy(
  infos: readonly CheckpointInfo[],
  { keepLast, keepEvery, keepBest }: RetentionPolicy,
): { keep: CheckpointInfo[]; remove: CheckpointInfo[] } {
  const whole = infos.filter((info) => info.problem === undefined);
  const best = whole
    .filter((info) => info.manifest?.meta.losses.heldOut !== undefined)
    .toSorted((a, b) => heldOut(a) - heldOut(b))
    .slice(0, keepBest);
  const kept = (info: CheckpointInfo, i: number): boolean =>
    i < keepLast ||
    info.isLatest ||
    (keepEvery > 0 && info.globalStep % keepEvery === 0) ||
    best.includes(info);
  return {
    keep: whole.filter((info, i) => kept(info, i)),
    remove: whole.filter((info, i) => !kept(info, i)),
  };
}

function heldOut(info: CheckpointInfo): number {
  return info.manifest!.meta.losses.heldOut!;
}
