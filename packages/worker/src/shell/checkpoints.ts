import { AsyncSaver, openStore, type CheckpointStore, type Saver } from '@ddpm-fleet/checkpoint';
import { assertSameLayout, isFleetError, type ParamLayout, type TrainState } from '@ddpm-fleet/core';
import type { CheckpointSource } from '@ddpm-fleet/protocol';
import type { ShareQuestion } from '../machine/requests.js';
import type { Checkpoints, Written } from './ports.js';

/** Length that the protocol grants a problem. */
const PROBLEM_CHARS = 4000;

/** How stores are opened: a simulation has its own. */
export interface Stores {
  /** @throws DDPM_ERR_STORE_LOCATION */
  openStore(location: string): CheckpointStore;
  /** @throws DDPM_ERR_STORE_LOCATION */
  openSaver(location: string): Saver;
}

const realStores: Stores = { openStore, openSaver: (location) => new AsyncSaver(location) };

/** The run's checkpoints: read where the coordinator says they are, written straight to the store, beside training. */
export class StoredCheckpoints implements Checkpoints {
  readonly #location: string;
  readonly #layout: ParamLayout;
  readonly #note: (text: string) => void;
  readonly #stores: Stores;
  #saver: Saver | undefined;

  /** @param location of the run's checkpoints, as this machine reaches them */
  constructor(location: string, layout: ParamLayout, note: (text: string) => void, stores = realStores) {
    this.#location = location;
    this.#layout = layout;
    this.#note = note;
    this.#stores = stores;
  }

  async read({ location, globalStep, digest }: CheckpointSource): Promise<TrainState | undefined> {
    try {
      const loaded = await this.#stores.openStore(location).load(globalStep);
      assertSameLayout(this.#layout, loaded.snapshot.layout);
      if (loaded.digest === digest) return loaded.snapshot.state;
      this.#note(
        `the checkpoint of step ${globalStep} in ${location} is another one; it is asked for instead`,
      );
    } catch (error) {
      this.#note(`${(error as Error).message}; the checkpoint is asked for instead`);
    }
    return undefined;
  }

  async writeShare({ ticket, share, meta }: ShareQuestion, state: TrainState): Promise<Written> {
    try {
      this.#saver ??= this.#stores.openSaver(this.#location);
      const snapshot = { state, layout: this.#layout, meta };
      return await (
        await this.#saver.saveShare(ticket, share, snapshot, 'give')
      ).done;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const problem = isFleetError(error) ? `${message} [${error.code}]` : message;
      return { problem: problem.slice(0, PROBLEM_CHARS) };
    }
  }

  /** Resolves when what was begun is written. */
  async close(): Promise<void> {
    await this.#saver?.close();
  }
}
