import { openStore, type TrainState } from '@ddpm-fleet/checkpoint';
import { assertSameLayout, type ParamLayout } from '@ddpm-fleet/core';
import {
  StateReceiver,
  type CheckpointSource,
  type DataFrame,
  type MessageOf,
  type StateHeader,
  type StateSource,
} from '@ddpm-fleet/protocol';
import type { Link } from './link.js';
import type { StateToHold } from './replicaEvents.js';

/** Transfer number by which a checkpoint's state is asked of the coordinator. */
const CHECKPOINT_TRANSFER = 0;

/** Gets the state that a WELCOME names, wherever it is. Ends with one call of `onState`, or is replaced by a new `begin`. */
export class StateSync {
  readonly #link: Link;
  readonly #layout: ParamLayout;
  readonly #onState: (state: StateToHold) => void;
  readonly #note: (text: string) => void;
  #wanted: number | undefined;
  #transfer: number | undefined;
  readonly #receivers = new Map<number, StateReceiver>();

  constructor(
    link: Link,
    layout: ParamLayout,
    onState: (state: StateToHold) => void,
    note: (text: string) => void,
  ) {
    this.#link = link;
    this.#layout = layout;
    this.#onState = onState;
    this.#note = note;
  }

  async begin(source: StateSource): Promise<void> {
    this.#wanted = source.globalStep;
    const wanted = source.from === 'peer' ? source.transfer : undefined;
    this.#transfer = wanted;
    for (const transfer of this.#receivers.keys()) {
      if (transfer !== wanted) this.#receivers.delete(transfer);
    }
    if (source.from === 'seed' || source.from === 'held') return this.#done({ from: source.from });
    if (source.from === 'peer') return this.#check();
    const state = await this.#readCheckpoint(source);
    if (this.#wanted !== source.globalStep || this.#transfer !== undefined) return;
    if (state) return this.#done({ from: 'elsewhere', state, fingerprint: undefined });
    this.#transfer = CHECKPOINT_TRANSFER;
    this.#link.send({ type: 'STATE_REQUEST', transfer: CHECKPOINT_TRANSFER, globalStep: source.globalStep });
  }

  /** Nothing is wanted any more. */
  stop(): void {
    this.#wanted = undefined;
    this.#receivers.clear();
  }

  announce(message: MessageOf<'STATE'>): void {
    if (message.globalStep !== this.#wanted) return;
    this.#transfer = message.transfer;
    this.#receiver(message.transfer).announce(message);
    this.#check();
  }

  /** Frames may come before the WELCOME or the STATE that explains them: the planes keep no order between them. */
  add(frame: DataFrame<StateHeader>): void {
    this.#receiver(frame.header.transfer).add(frame);
    this.#check();
  }

  #receiver(transfer: number): StateReceiver {
    let receiver = this.#receivers.get(transfer);
    if (!receiver) this.#receivers.set(transfer, (receiver = new StateReceiver(transfer)));
    return receiver;
  }

  #check(): void {
    if (this.#wanted === undefined || this.#transfer === undefined) return;
    const receiver = this.#receivers.get(this.#transfer);
    if (!receiver?.isWhole || receiver.announcement?.globalStep !== this.#wanted) return;
    const fingerprint = receiver.announcement.fingerprint ?? undefined;
    this.#done({ from: 'elsewhere', state: receiver.state(), fingerprint });
  }

  #done(state: StateToHold): void {
    this.stop();
    this.#onState(state);
  }

  /** undefined where the store is out of reach, or holds something else under that name. */
  async #readCheckpoint(source: CheckpointSource): Promise<TrainState | undefined> {
    const { location, globalStep, digest } = source;
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
}
