/** What a replica knows when it decides what to do next. */
export interface ReplicaView {
  /** Told to hold still until it is told what to hold. */
  readonly paused: boolean;
  /** A state waits to be taken in. */
  readonly loadDue: boolean;
  readonly holdsState: boolean;
  /** Slots of the step that it is at are leased and not answered. */
  readonly owes: boolean;
  /** The step that it is at stands, though its root may still be under way. */
  readonly committed: boolean;
  /** The step that it is at can be applied. */
  readonly ready: boolean;
  /** Somebody wants something of the state as it is now. */
  readonly asked: boolean;
  /** That may wait for slots which are about to be leased. */
  readonly mayDefer: boolean;
  /** The coordinator knows that it is level. */
  readonly level: boolean;
}

export type Task = 'wait' | 'load' | 'slots' | 'serve' | 'apply' | 'tellLevel';

/**
 * Slots come first, because the whole fleet waits for them; a snapshot is taken while their sums travel, but before the
 * step is applied. Slots of a step that stands are of no use to anybody.
 */
export function nextTask(view: ReplicaView): Task {
  if (view.paused) return 'wait';
  if (view.loadDue) return 'load';
  if (!view.holdsState) return 'wait';
  if (view.owes && !view.committed) return 'slots';
  if (view.asked && (view.ready || !view.mayDefer)) return 'serve';
  if (view.ready) return 'apply';
  if (!view.level) return 'tellLevel';
  return 'wait';
}
