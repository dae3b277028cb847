import { AsyncSaver, type TrainState } from '@ddpm-fleet/checkpoint';
import { isFleetError, type ParamLayout } from '@ddpm-fleet/core';
import type { Link } from './link.js';
import type { ShareQuestion } from './machine/requests.js';

/** Length that the protocol grants a problem. */
const PROBLEM_CHARS = 4000;

/** Writes this worker's shares of checkpoints straight to the store, beside training, and says how it went. */
export class ShareWriter {
  readonly #location: string;
  readonly #layout: ParamLayout;
  readonly #link: Link;
  #saver: AsyncSaver | undefined;

  /** @param location of the run's checkpoints, as this machine reaches them */
  constructor(location: string, layout: ParamLayout, link: Link) {
    this.#location = location;
    this.#layout = layout;
    this.#link = link;
  }

  /** Never rejects. @param state is taken */
  async write(
    { transfer, globalStep, ticket, share, meta }: ShareQuestion,
    state: TrainState,
  ): Promise<void> {
    const written = await this.#save(ticket, share, { state, layout: this.#layout, meta }).catch(problemOf);
    this.#link.send({ type: 'CHECKPOINT_WRITTEN', transfer, globalStep, written });
  }

  async close(): Promise<void> {
    await this.#saver?.close();
  }

  async #save(...[ticket, share, snapshot]: Parameters<AsyncSaver['saveShare']>) {
    this.#saver ??= new AsyncSaver(this.#location);
    return (await this.#saver.saveShare(ticket, share, snapshot, 'give')).done;
  }
}

function problemOf(error: unknown): { problem: string } {
  const message = error instanceof Error ? error.message : String(error);
  const problem = isFleetError(error) ? `${message} [${error.code}]` : message;
  return { problem: problem.slice(0, PROBLEM_CHARS) };
}
