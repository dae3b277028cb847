/** What a working replica knows when it decides what to do next. Its device has no other call to answer. */
export interface ReplicaView {
  /** Nodes of the step that it is at are leased, not answered, and not given to the device. */
  readonly owes: boolean;
  /** The device is given nodes that it has not answered. */
  readonly computes: boolean;
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

export type Task = 'wait' | 'slots' | 'serve' | 'defer' | 'apply' | 'tellReady';

/**
 * Slots come first, because the whole fleet waits for them; a snapshot is taken while their sums travel, but before the
 * step is applied. Slots of a step that stands are of no use to anybody.
 */
export function nextTask(view: ReplicaView): Task {
  if (view.owes && !view.committed) return 'slots';
  if (view.computes) return 'wait';
  if (view.asked && (view.ready || !view.mayDefer)) return 'serve';
  if (view.ready) return 'apply';
  if (!view.level) return 'tellReady';
  return view.asked ? 'defer' : 'wait';
}
