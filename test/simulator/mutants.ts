/** A bug put into the compiled machine on purpose: `from`, which must occur once in the file, becomes `to`. */
export interface Mutant {
  readonly bug: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /**
   * One that finds it: the first to be tried, and seeds after it are. What changes the time of anything makes another run
   * of every seed.
   */
  readonly seed: number;
}

/** Bugs that the short form of the simulation must find. Those marked with a star were once there. */
const COORDINATOR: readonly Mutant[] = [
  {
    bug: 'a part is taken from whoever had a lease once',
    file: 'coordinator/dist/src/machine/reduction',
    from: 'unit.owner !== peer.peer || unit.generation !== header.generation',
    to: 'unit.generation > header.generation + 1e6',
    seed: 70,
  },
  {
    bug: 'a part is taken twice',
    file: 'coordinator/dist/src/machine/reduction',
    from: "unit.taken[part] ? 'it is here already' : null",
    to: 'null',
    seed: 1,
  },
  {
    bug: 'the halves of a split subtree forget what had come',
    file: 'coordinator/dist/src/machine/units',
    from: 'taken: unit.taken.slice()',
    to: 'taken: unit.taken.map(() => 0), openParts: unit.taken.length',
    seed: 17,
  },
  {
    bug: 'a lost worker keeps its leases',
    file: 'coordinator/dist/src/machine/leaving',
    from: 'revoke(state.round, peer.peer)',
    to: 'void 0',
    seed: 4,
  },
  {
    bug: 'frames lost with a data connection are waited for',
    file: 'coordinator/dist/src/machine/joining',
    from: 'known && isMember && known.attached !== connection',
    to: 'false',
    seed: 69,
  },
  {
    bug: 'a step that is not finite is applied',
    file: 'coordinator/dist/src/machine/commit',
    from: 'skipped: skipped !== null,',
    to: 'skipped: false,',
    seed: 1,
  },
  {
    bug: 'slots of lost workers are not leased again',
    file: 'coordinator/dist/src/machine/step',
    from: 'leaseOrphans(turn);',
    to: '',
    seed: 4,
  },
  {
    bug: 'who comes gets roots a step late',
    file: 'coordinator/dist/src/machine/welcome',
    from: 'peer.fromStep = source.globalStep;',
    to: 'peer.fromStep = source.globalStep + 1;',
    seed: 1,
  },
  {
    bug: '* a repeated frame of a state is counted',
    file: 'coordinator/dist/src/machine/capture',
    from: 'capture.seen.add(key)',
    to: 'capture.seen.add(capture.seen.size)',
    seed: 305,
  },
  {
    bug: '* the last steps are not compared',
    file: 'coordinator/dist/src/machine/fingerprints',
    from: 'globalStep === steps ||',
    to: '',
    seed: 26,
  },
  {
    bug: '* the run ends when the store refuses the last state three times in a row',
    file: 'coordinator/dist/src/machine/finish',
    from: 'state.now < checkpoint.lastAt + pauseMs(checkpoint.failures)',
    to: 'false',
    seed: 1,
  },
];

/** Bugs of the worker's machine. */
const WORKER: readonly Mutant[] = [
  {
    bug: 'a skipped step is applied',
    file: 'worker/dist/src/machine/commits',
    from: 'if (message.skipped)',
    to: 'if (message.skipped && !sum)',
    seed: 1,
  },
  {
    bug: 'a slot that is leased anew counts as answered',
    file: 'worker/dist/src/machine/leases',
    from: 'done.delete(nodeKey(node));',
    to: 'void node;',
    seed: 89,
  },
  {
    bug: '* HELLO says a held step before an apply that is under way',
    file: 'worker/dist/src/machine/greeting',
    from: 'phase.isSaid || !isIdle(replica)',
    to: 'phase.isSaid',
    seed: 3,
  },
  {
    bug: 'the replica is not compared when a commit asks for it',
    file: 'worker/dist/src/machine/answers',
    from: 'if (!commit.fingerprint)',
    to: 'if (commit)',
    seed: 3,
  },
  {
    bug: 'a sum whose lease is gone is sent',
    file: 'worker/dist/src/machine/answers',
    from: 'const leased = phase.leases.find(globalStep, node);',
    to: 'const leased = { node, start: done.start, end: done.end, generation: turn.state.generation };',
    seed: 6,
  },
  {
    bug: 'a sum is sent under the newest generation, whatever its lease had',
    file: 'worker/dist/src/machine/answers',
    from: "{ type: 'sendSum', globalStep, leased,",
    to: "{ type: 'sendSum', globalStep, leased: { ...leased, generation: turn.state.generation },",
    seed: 3,
  },
  {
    bug: 'a held state is trusted after a damage report',
    file: 'worker/dist/src/machine/greeting',
    from: 'if (phase.forget)',
    to: 'if (!phase)',
    seed: 3,
  },
  {
    bug: 'commits are not remembered',
    file: 'worker/dist/src/machine/answers',
    from: 'held.log.add(commit.globalStep, commit.lines);',
    to: '',
    seed: 8,
  },
  {
    bug: 'READY is said before what is committed is applied',
    file: 'worker/dist/src/machine/task',
    from: "if (view.ready)\n        return 'apply';",
    to: "if (view.ready && view.level)\n        return 'apply';",
    seed: 2,
  },
  {
    bug: 'what is read of one bucket makes a root whole',
    file: 'worker/dist/src/machine/commits',
    from: 'pending.buckets.size === this.#buckets.length',
    to: 'pending.buckets.size > 0',
    seed: 1,
  },
  {
    bug: 'an applied step is not counted',
    file: 'worker/dist/src/machine/answers',
    from: '++held.globalStep',
    to: 'held.globalStep',
    seed: 1,
  },
  {
    bug: 'no heartbeat is sent',
    file: 'worker/dist/src/machine/step',
    from: "send(turn, { type: 'HEARTBEAT', generation, globalStep, progress: slots });",
    to: '',
    seed: 2,
  },
];

/** What the simulator must find. */
export const MUTANTS: readonly Mutant[] = [...COORDINATOR, ...WORKER];
