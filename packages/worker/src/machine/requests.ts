import type { SnapshotMeta, Ticket } from '@ddpm-fleet/checkpoint';

/** A share of a checkpoint that this worker is to write. */
export interface ShareQuestion {
  readonly kind: 'share';
  readonly globalStep: number;
  readonly transfer: number;
  readonly ticket: Ticket;
  readonly share: number;
  readonly meta: SnapshotMeta;
}

/** What the coordinator wants of the state at one step. */
export type StateQuestion =
  | ShareQuestion
  | { readonly kind: 'state'; readonly globalStep: number; readonly transfer: number }
  | { readonly kind: 'evaluate'; readonly globalStep: number; readonly weights: 'raw' | number };

/** Questions that wait until the replica is at their step. One that came too late is dropped: the answer is gone. */
export class Requests {
  #waiting: StateQuestion[] = [];

  add(question: StateQuestion): void {
    this.#waiting.push(question);
  }

  at(globalStep: number): StateQuestion | undefined {
    return this.#waiting.find((question) => question.globalStep === globalStep);
  }

  take(globalStep: number): StateQuestion | undefined {
    this.#waiting = this.#waiting.filter((question) => question.globalStep >= globalStep);
    const question = this.at(globalStep);
    this.#waiting = this.#waiting.filter((other) => other !== question);
    return question;
  }

  clear(): void {
    this.#waiting = [];
  }
}
