import { slotPosition, type BatchShape } from '@ddpm-fleet/data';
import type { WorkerEffectOf } from '../machine/effects.js';
import type { NodeResult } from '../machine/events.js';
import type { LeasedNode } from '../machine/leases.js';
import type { Batches, Device, News, SlotsResult } from './ports.js';

export type DeviceEffect = WorkerEffectOf<
  'load' | 'compute' | 'cancel' | 'apply' | 'fingerprint' | 'readState' | 'evaluate'
>;

/** Of a node that was called off before its images were there. */
const NOTHING: NodeResult = { sum: undefined, t: new Int32Array(), loss: new Float32Array(), computeMs: 0 };

/** Carries out what the machine asks of the device, and brings the answers. */
export class DeviceWork {
  readonly #device: Device;
  readonly #batches: Batches;
  readonly #shape: BatchShape;
  readonly #tell: (news: News) => void;
  /** How often everything was called off. */
  #cancels = 0;
  #globalStep = 0;
  #slotsBefore = 0;

  constructor(device: Device, batches: Batches, shape: BatchShape, tell: (news: News) => void) {
    this.#device = device;
    this.#batches = batches;
    this.#shape = shape;
    this.#tell = tell;
  }

  /** Slots finished of the step that was last computed. */
  get progress(): { readonly globalStep: number; readonly slots: number } {
    const slots = (this.#device.slotsFinished - this.#slotsBefore) >>> 0;
    return { globalStep: this.#globalStep, slots };
  }

  perform(effect: DeviceEffect): void {
    if (effect.type === 'cancel') {
      this.#cancels++;
      this.#device.cancelSlots();
    } else if (effect.type === 'compute') this.#awaited(this.#compute(effect));
    else this.#awaited(this.#ask(effect).then(this.#tell));
  }

  async #ask(effect: Exclude<DeviceEffect, { type: 'cancel' | 'compute' }>): Promise<News> {
    const device = this.#device;
    switch (effect.type) {
      case 'load':
        await (effect.state === 'seed' ? device.loadInitialState() : device.loadState(effect.state));
        return { type: 'loaded', fingerprint: effect.fingerprint ? await device.fingerprint() : undefined };
      case 'apply':
        return { type: 'applied', ...(await this.#apply(effect)) };
      case 'fingerprint':
        return { type: 'fingerprinted', fingerprint: await device.fingerprint() };
      case 'readState': {
        const fingerprint = effect.fingerprint ? await device.fingerprint() : undefined;
        return { type: 'stateRead', fingerprint, state: await device.readState() };
      }
      case 'evaluate':
        return { type: 'evaluated', loss: await device.heldOutLoss(effect.weights) };
    }
  }

  async #apply({ root }: WorkerEffectOf<'apply'>) {
    if (root) return this.#device.apply({ root: root.sum, t: root.t, loss: root.loss });
    await this.#device.skip();
    return { root: undefined, computeMs: 0 };
  }

  /** Every node is handed over as soon as its images are there, so that the device never waits for this thread. */
  async #compute({ globalStep, nodes }: WorkerEffectOf<'compute'>): Promise<void> {
    const cancels = this.#cancels;
    if (globalStep !== this.#globalStep) this.#slotsBefore = this.#device.slotsFinished;
    this.#globalStep = globalStep;
    for (const leased of nodes) {
      const { position, images, labels } = await this.#batches.take(...this.#range(globalStep, leased));
      const { node, start, end } = leased;
      const tell = (result: NodeResult) => this.#tell({ type: 'nodeDone', globalStep, node, result });
      const slots = { globalStep, start, end, position, images, ...(labels && { labels }) };
      if (cancels === this.#cancels) this.#awaited(this.#device.runSlots(slots).then(resultOf).then(tell));
      else tell(NOTHING);
    }
    this.#expectNext(globalStep, nodes);
  }

  /** A worker is mostly leased the same slots again, and a position says what it shows. */
  #expectNext(globalStep: number, nodes: readonly LeasedNode[]): void {
    this.#batches.forgetBefore(slotPosition(this.#shape, globalStep + 1, 0));
    for (const leased of nodes) this.#batches.expect(...this.#range(globalStep + 1, leased));
  }

  #range(globalStep: number, { start, end }: LeasedNode): [position: bigint, count: number] {
    return [slotPosition(this.#shape, globalStep, start), (end - start) * this.#shape.slotBatchSize];
  }

  #awaited(work: Promise<void>): void {
    work.catch((error: unknown) => this.#tell({ type: 'failed', error }));
  }
}

function resultOf({ partials, t, loss, computeMs }: SlotsResult): NodeResult {
  return { sum: partials?.[0], t, loss, computeMs };
}
