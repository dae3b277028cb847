import { AsyncSaver, openStore, type TrainState } from '@ddpm-fleet/checkpoint';
import { assertSameLayout, isFleetError, type ParamLayout } from '@ddpm-fleet/core';
import type { CheckpointSource } from '@ddpm-fleet/protocol';
import type { ShareQuestion } from '../machine/requests.js';
import type { Checkpoints, Written } from './ports.js';

/** Length that the protocol grants a problem. */
const PROBLEM_CHARS = 4000;

/** The run's checkpoints: read where the coordinator says they are, written straight to the store, beside training. */
export class StoredCheckpoints implements Checkpoints {
  readonly #location: string;
  readonly #layout: ParamLayout;
  readonly #note: (text: string) => void;
  #saver: AsyncSaver | undefined;

  /** @param location of the run's checkpoints, as this machine reaches them */
  constructor(location: string, layout: ParamLayout, note: (text: string) => void) {
    this.#location = location;
    this.#layout = layout;
    this.#note = note;
  }

  async read({ location, globalStep, digest }: CheckpointSource): Promise<TrainState | undefined> {
    try {
      const loaded = await openStore(location).load(globalStep);
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
      this.#saver ??= new AsyncSaver(this.#location);
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
