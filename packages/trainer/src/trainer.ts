import { learningRate, type RunConfig } from '@ddpm-fleet/config';
import { assertState, emaWeight } from '@ddpm-fleet/checkpoint';
import {
  emaName,
  firstState,
  fleetError,
  sectionsOf,
  type EmaProfile,
  type ParamLayout,
  type TrainState,
} from '@ddpm-fleet/core';
import { updateLossHistory, type LossHistory } from '@ddpm-fleet/diffusion';
import type { Engine, Module } from '@ddpm-fleet/engine';
import { initParams } from '@ddpm-fleet/model';
import { Fingerprint } from './fingerprint.js';
import { derivedOf, historyOf, initialHistory } from './lossHistory.js';
import { heldOutLosses, meanOf } from './heldOut.js';
import { findNonFinite, type NonFinite } from './nonFinite.js';
import { adamScalars, type AdamScalars } from './optimizer/adam.js';
import { clipFactor } from './optimizer/clip.js';
import { bfloat16Adder, deviceAdder, PartialSums } from './partialSums.js';
import { planTraining, type ImageSpec, type TrainingPlan } from './trainingPlan.js';
import { emaVariable } from './programs/apply.js';
import { trainerModule } from './programs/module.js';
import { emptySlot, isConditioned, slotInputs, type SlotArgs } from './slotInputs.js';

export interface SlotResult {
  /** [slotBatchSize], unweighted */
  readonly loss: Float32Array;
  readonly t: Int32Array;
  /** Present when the step must not be applied. */
  readonly nonFinite?: NonFinite;
}

export interface ReplayedSlot extends SlotResult {
  /** [slotBatchSize, size, size, channels], after flips, in [-1, 1] */
  readonly xStart: Float32Array;
  readonly noise: Float32Array;
  readonly xT: Float32Array;
}

export interface PerImage {
  readonly t: Int32Array;
  readonly loss: Float32Array;
}

/**
 * Training on one device: slots to gradients, the sum of all slots' gradients to the next state. Synchronous and
 * without a network: every call blocks its thread until the device is done.
 */
export class Trainer {
  readonly layout: ParamLayout;
  readonly #plan: TrainingPlan;
  readonly #module: Module;
  readonly #sums: PartialSums;
  #globalStep = 0;
  #history: LossHistory | undefined;

  /** @throws what `planTraining` throws */
  static async create(engine: Engine, config: RunConfig, image: ImageSpec): Promise<Trainer> {
    const plan = planTraining(config, image);
    return new Trainer(plan, await engine.load(trainerModule(plan)));
  }

  private constructor(plan: TrainingPlan, module: Module) {
    this.layout = plan.layout;
    this.#plan = plan;
    this.#module = module;
    const isHalf = plan.config.fleet.wireDtype === 'bfloat16';
    this.#sums = new PartialSums(plan.config.batch.numSlots, (isHalf ? bfloat16Adder : deviceAdder)(module));
    this.#history = initialHistory(plan);
  }

  get globalStep(): number {
    return this.#globalStep;
  }

  /**
   * Runs every program of a step once on nothing; the state must be loaded afterwards. The first call of a compiled
   * program takes long, seconds for a large one, in which a fleet would wait for this worker and take it to be slow.
   */
  warmUp(): void {
    const inputs = slotInputs(this.#plan, emptySlot(this.#plan), this.#history);
    this.#module.run('slot', inputs);
    if (this.#plan.config.diffusion.selfConditioning) this.#module.run('slotConditioned', inputs);
    this.#sums.warmUp();
    const { numSlots, slotBatchSize } = this.#plan.config.batch;
    const images = numSlots * slotBatchSize;
    const nothing = { t: new Int32Array(images), loss: new Float32Array(images) };
    this.apply(new Float32Array(this.layout.size), nothing);
  }

  /** The state of step 0, from the seed alone. The device is not touched. */
  initialState(): TrainState {
    const params = initParams(this.#plan.params, this.#plan.config.seed);
    return firstState(params, this.#plan.averages, derivedOf(initialHistory(this.#plan)));
  }

  /** @throws DDPM_ERR_CHECKPOINT_STATE when it is a state of another run */
  loadState(state: TrainState): void {
    assertState(state, this.layout);
    const [there, here] = [state.emas, this.#plan.averages].map((emas) => emas.map(emaName).join(', '));
    if (there !== here) {
      const detail = `its averages are [${there}], those of the run [${here}]`;
      throw fleetError('DDPM_ERR_CHECKPOINT_STATE', { detail });
    }
    this.#history = historyOf(this.#plan, state.derived);
    this.#module.writeVariable('params', state.params);
    this.#module.writeVariable('m', state.optimizer.m);
    this.#module.writeVariable('v', state.optimizer.v);
    for (const ema of state.emas) this.#module.writeVariable(emaVariable(ema), ema.values);
    this.#globalStep = state.globalStep;
  }

  /** A copy. */
  readState(): TrainState {
    const read = (name: string): Float32Array => this.#module.readVariable(name);
    return {
      globalStep: this.#globalStep,
      params: read('params'),
      optimizer: { m: read('m'), v: read('v') },
      emas: this.#plan.averages.map((profile) => ({ ...profile, values: read(emaVariable(profile)) })),
      derived: derivedOf(this.#history),
    };
  }

  /** Forgets the partial sums of an earlier run. */
  beginRun(): void {
    this.#sums.clear();
  }

  /** Computes a slot's gradient and adds it to the run's partial sums. */
  runSlot(args: SlotArgs): SlotResult {
    const inputs = slotInputs(this.#plan, args, this.#history);
    const program = isConditioned(this.#plan, args.globalStep) ? 'slotConditioned' : 'slot';
    const out = this.#module.run(program, inputs);
    this.#sums.add(args.slot, args.runStart);
    const loss = out['loss'] as Float32Array;
    const { t } = inputs;
    const nonFinite = findNonFinite(args.slot, args.position, loss, t, out['magnitude']![0]!);
    return { loss, t, ...(nonFinite && { nonFinite }) };
  }

  /** `runSlot`, and what the slot drew. */
  replaySlot(args: SlotArgs): ReplayedSlot {
    const { weights: _, ...inputs } = slotInputs(this.#plan, args, this.#history);
    const drawn = this.#module.run('draws', inputs) as Record<'xStart' | 'noise' | 'xT', Float32Array>;
    return { ...this.runSlot(args), ...drawn };
  }

  /** Partial sums of the run's maximal subtrees in slot order; none are left afterwards. */
  takePartials(): Float32Array[] {
    return this.#sums.take();
  }

  /**
   * One optimizer step: the root divided by the global batch size, clip, Adam, then the EMAs; globalStep + 1.
   * @param root sum over all slots, before division
   * @param perImage of all images of the step, in position order
   * @returns norm of the mean gradient before clipping
   * @throws DDPM_ERR_NON_FINITE, with the state unchanged
   */
  apply(root: Float32Array, perImage: PerImage): { gradNorm: number; lr: number } {
    const gradNorm = this.#module.run('root', { root })['norm']![0]!;
    if (!Number.isFinite(gradNorm))
      throw fleetError('DDPM_ERR_NON_FINITE', {
        what: `step ${this.#globalStep}: the norm of the gradient is not finite`,
      });
    const { optimizer, ema } = this.#plan.config;
    const lr = learningRate(optimizer, this.#globalStep, this.#plan.epochs);
    const adam = adamScalars(optimizer, this.#globalStep, lr);
    const weights = this.#plan.averages.map((profile) => emaWeight(profile, ema, this.#globalStep));
    const clip = optimizer.gradClip === 'mean' ? clipFactor(gradNorm, optimizer.gradClipNorm) : 1;
    this.#update({ clip, ...adam }, weights);
    if (this.#history) this.#history = updateLossHistory(this.#history, perImage.t, perImage.loss);
    this.#globalStep++;
    return { gradNorm, lr };
  }

  /** A step that is committed as skipped: its positions are used up, and nothing else changes. */
  skip(): void {
    this.#globalStep++;
  }

  /** Equal for equal states: see `Fingerprint`. */
  fingerprint(): bigint {
    const state = this.readState();
    const print = new Fingerprint().update(new Float32Array(Int32Array.of(state.globalStep | 0).buffer));
    for (const { values } of sectionsOf(state)) print.update(values);
    return print.value();
  }

  /**
   * Mean loss on fixed images, each with a t and a noise that are always the same. Not while a run is under way.
   * @param images uint8 [n, size, size, channels]
   * @param weights `raw`, or one of the run's averages
   */
  heldOutLoss(images: Uint8Array, weights: 'raw' | EmaProfile, labels?: Int32Array): number {
    this.#module.run(`stage-${weights === 'raw' ? 'params' : emaVariable(weights)}`);
    return meanOf(heldOutLosses(this.#plan, this.#module, images, labels));
  }

  dispose(): void {
    this.#module.dispose();
  }

  #update(scalars: AdamScalars & { readonly clip: number }, emaWeights: readonly number[]): void {
    const inputs: Record<string, Float32Array> = {};
    for (const [name, value] of Object.entries(scalars)) inputs[name] = Float32Array.of(value);
    const emas = this.#plan.averages.map(emaVariable);
    emas.forEach((name, i) => (inputs[name] = Float32Array.of(emaWeights[i]!)));
    this.#module.run('apply', inputs);
    // An update of weight 1 is a copy, and old + 1 * (new - old) is not always new in floats.
    emas.forEach((name, i) => emaWeights[i] === 1 && this.#module.run(`copy-${name}`));
  }
}
