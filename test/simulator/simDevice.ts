import type { TrainState } from '@ddpm-fleet/core';
import type { Applied, ApplyArgument, Device, SlotImages, SlotsResult } from '@ddpm-fleet/worker/parts';
import type { Clock } from '@ddpm-fleet/transport';
import { Replica, type ModelRun } from './model.js';

export interface SimDeviceOptions {
  readonly model: ModelRun;
  /** Of the worker's process. */
  readonly clock: Clock;
  /** Milliseconds a slot. */
  readonly slotMs: () => number;
  /** Milliseconds that anything else takes. */
  readonly callMs: () => number;
  /** Digests of states that damaged devices gave away. */
  readonly damagedStates: Set<string>;
  /** A damaged state was replaced before anybody noticed: what it lent a hand to cannot be found out any more. */
  readonly onUnnoticed: () => void;
  /** Looks at the state whenever it has changed. */
  readonly onState: (replica: Replica) => void;
}

/** A device whose arithmetic is that of the model, and whose time is the simulation's. */
export class SimDevice implements Device {
  readonly #options: SimDeviceOptions;
  readonly replica: Replica;
  /** Its bits were flipped, or it has its state from a device whose bits were. */
  damaged = false;
  /** The next state that it loads is damaged at once. */
  damagesNextLoad = false;
  slotsFinished = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** Calls that are not answered. */
  #open = 0;
  #handedOver = 0;
  #calledOff = 0;

  constructor(options: SimDeviceOptions) {
    this.#options = options;
    this.replica = new Replica(options.model);
  }

  get isIdle(): boolean {
    return this.#open === 0;
  }

  /** A cosmic ray. */
  flipBit(): void {
    this.damaged = true;
    this.replica.params[0]! += 1e-3;
  }

  async loadInitialState(): Promise<void> {
    const { model } = this.#options;
    return this.#call(() => this.#load(new Replica(model).state(), false));
  }

  async loadState(state: TrainState): Promise<void> {
    return this.#call(() => {
      this.#load(state, this.#isDamaged(state));
    });
  }

  async readState(): Promise<TrainState> {
    return this.#call(() => {
      const { replica } = this;
      if (this.damaged) this.#options.damagedStates.add(replica.digest());
      return replica.state();
    });
  }

  async fingerprint(): Promise<bigint> {
    return this.#call(() => this.replica.fingerprint());
  }

  async runSlots({ start, end }: SlotImages): Promise<SlotsResult> {
    const ticket = ++this.#handedOver;
    return this.#inTurn(() => this.#compute(ticket, start, end));
  }

  cancelSlots(): void {
    this.#calledOff = this.#handedOver;
  }

  async apply({ root, t, loss }: ApplyArgument): Promise<Applied> {
    return this.#call(() => {
      this.replica.apply(root, { t, loss });
      this.#options.onState(this.replica);
      return { gradNorm: 1, lr: 1, root, computeMs: 0 };
    });
  }

  async skip(): Promise<void> {
    return this.#call(() => {
      this.replica.skip();
      this.#options.onState(this.replica);
    });
  }

  async heldOutLoss(): Promise<number> {
    return this.#call(() => 1 / (1 + this.replica.globalStep));
  }

  #isDamaged(state: TrainState): boolean {
    const { model, damagedStates } = this.#options;
    if (damagedStates.size === 0) return false;
    const arrived = new Replica(model);
    arrived.load(state);
    return damagedStates.has(arrived.digest());
  }

  #load(state: TrainState, damaged: boolean): void {
    if (this.damaged) this.#options.onUnnoticed();
    this.damaged = damaged;
    this.replica.load(state);
    if (this.damagesNextLoad) this.flipBit();
    this.damagesNextLoad = false;
    this.#options.onState(this.replica);
  }

  async #compute(ticket: number, start: number, end: number): Promise<SlotsResult> {
    const nothing = { t: new Int32Array(), loss: new Float32Array(), computeMs: 0 };
    const slotMs = this.#options.slotMs();
    for (let slot = start; slot < end; slot++) {
      if (ticket <= this.#calledOff) return nothing;
      await this.#pass(slotMs);
      this.slotsFinished++;
    }
    if (ticket <= this.#calledOff) return nothing;
    const parts = this.replica.partials(start, end);
    return {
      partials: parts.map(({ sum }) => sum),
      t: Int32Array.from(parts.flatMap(({ images }) => [...images.t])),
      loss: Float32Array.from(parts.flatMap(({ images }) => [...images.loss])),
      computeMs: 0,
    };
  }

  #call<T>(work: () => T): Promise<T> {
    return this.#inTurn(async () => {
      await this.#pass(this.#options.callMs());
      return work();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#open++;
    const answer = this.#turn.then(work).finally(() => this.#open--);
    this.#turn = answer;
    return answer;
  }

  async #pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => this.#options.clock.after(ms, resolve));
  }
}
