/** A bug put into the compiled machine on purpose: `from`, which must occur once in the file, becomes `to`. */
export interface Mutant {
  readonly bug: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** One of the short form's seeds that finds it; `node mutantMain.js NUMBER` looks for one. */
  readonly seed: number;
}

/** Bugs that the short form of the simulation must find. Those marked with a star were once there. */
export const MUTANTS: readonly Mutant[] = [
  {
    bug: 'a part is taken from whoever had a lease once',
    file: 'reduction',
    from: 'unit.owner !== peer.peer || unit.generation !== header.generation',
    to: 'unit.generation > header.generation + 1e6',
    seed: 37,
  },
  {
    bug: 'a part is taken twice',
    file: 'reduction',
    from: "unit.taken[part] ? 'it is here already' : null",
    to: 'null',
    seed: 6,
  },
  {
    bug: 'the halves of a split subtree forget what had come',
    file: 'units',
    from: 'taken: unit.taken.slice()',
    to: 'taken: unit.taken.map(() => 0), openParts: unit.taken.length',
    seed: 38,
  },
  {
    bug: 'a lost worker keeps its leases',
    file: 'leaving',
    from: 'revoke(state.round, peer.peer)',
    to: 'void 0',
    seed: 5,
  },
  {
    bug: 'frames lost with a data connection are waited for',
    file: 'joining',
    from: 'known && isMember && known.attached !== connection',
    to: 'false',
    seed: 81,
  },
  {
    bug: 'a step that is not finite is applied',
    file: 'commit',
    from: 'skipped: skipped !== null,',
    to: 'skipped: false,',
    seed: 1,
  },
  {
    bug: 'slots of lost workers are not leased again',
    file: 'step',
    from: 'leaseOrphans(turn);',
    to: '',
    seed: 5,
  },
  {
    bug: 'who comes gets roots a step late',
    file: 'welcome',
    from: 'peer.fromStep = source.globalStep;',
    to: 'peer.fromStep = source.globalStep + 1;',
    seed: 1,
  },
  {
    bug: '* a repeated frame of a state is counted',
    file: 'capture',
    from: 'capture.seen.add(key)',
    to: 'capture.seen.add(capture.seen.size)',
    seed: 25,
  },
  {
    bug: '* the last steps are not compared',
    file: 'fingerprints',
    from: 'globalStep === steps ||',
    to: '',
    seed: 58,
  },
  {
    bug: '* the run ends when the store refuses the last state three times in a row',
    file: 'finish',
    from: 'state.now < checkpoint.lastAt + pauseMs(checkpoint.failures)',
    to: 'false',
    seed: 25,
  },
];
