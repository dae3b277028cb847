import { fleetError } from '@ddpm-fleet/core';
import { fingerprintText } from '@ddpm-fleet/protocol';
import { CommitLog } from './machine/commitLog.js';
import type { Commits } from './machine/commits.js';
import type { ComputeThread } from './compute/computeThread.js';
import type { StateToHold } from './replicaEvents.js';

/** States that may come damaged one after the other before this host is taken to be the one that damages them. */
const PATIENCE = 3;

/** The part of a compute thread that holds a state. */
export type StateHolder = Pick<
  ComputeThread,
  'loadInitialState' | 'loadState' | 'fingerprint' | 'apply' | 'skip'
>;

/** The state on the device, as far as this thread knows it: which step's it is, and which commits led to it. */
export class Holding {
  readonly log = new CommitLog();
  readonly #compute: StateHolder;
  #globalStep: number | undefined;
  #damaged = 0;

  constructor(compute: StateHolder) {
    this.#compute = compute;
  }

  /** Applied steps, or undefined while nothing is held. */
  get globalStep(): number | undefined {
    return this.#globalStep;
  }

  /** What is held is wrong. */
  forget(): void {
    this.#globalStep = undefined;
    this.log.clear();
  }

  /**
   * Returns false, and holds nothing, when the state is not what its sender had.
   * @throws FleetError DDPM_ERR_STATE_DAMAGED when that was so several times in a row
   */
  async load(source: StateToHold): Promise<boolean> {
    if (source.from === 'held') return true;
    this.forget();
    if (source.from === 'seed') {
      await this.#compute.loadInitialState();
      this.#globalStep = 0;
      return true;
    }
    const { globalStep } = source.state;
    await this.#compute.loadState(source.state);
    const { fingerprint } = source;
    if (fingerprint !== undefined && fingerprintText(await this.#compute.fingerprint()) !== fingerprint) {
      if (++this.#damaged === PATIENCE) throw fleetError('DDPM_ERR_STATE_DAMAGED', { globalStep });
      return false;
    }
    this.#damaged = 0;
    this.#globalStep = globalStep;
    return true;
  }

  /** Takes the step that it is at out of `commits`, where it is whole, and applies or skips it. */
  async apply(commits: Commits): Promise<{ readonly fingerprint: boolean; readonly computeMs: number }> {
    const globalStep = this.#globalStep!;
    const { message, root } = commits.take(globalStep)!;
    let computeMs = 0;
    if (root) {
      const applied = await this.#compute.apply({ root: root.sum, t: root.t, loss: root.loss });
      commits.recycle(applied.root);
      computeMs = applied.computeMs;
    } else {
      await this.#compute.skip();
    }
    this.#globalStep = globalStep + 1;
    this.log.add(globalStep, message.lines);
    return { fingerprint: message.fingerprint, computeMs };
  }
}
