import type { RunConfig } from '@ddpm-fleet/config';
import type { ParamLayout } from '@ddpm-fleet/core';
import type { Engine, Module } from '@ddpm-fleet/engine';
import { heldOutLosses } from './heldOut.js';
import { heldOutProgram } from './programs/heldOut.js';
import { planTraining, type ImageSpec, type TrainingPlan } from './trainingPlan.js';

/** Held-out losses as a run measures them, for weights from anywhere and without what training needs. */
export class HeldOutMeter {
  readonly layout: ParamLayout;
  readonly #plan: TrainingPlan;
  readonly #module: Module;

  /** @throws what `planTraining` throws */
  static async open(engine: Engine, config: RunConfig, image: ImageSpec): Promise<HeldOutMeter> {
    const plan = planTraining(config, image);
    const variables = { carry: { shape: [plan.layout.size] } };
    const module = await engine.load({
      name: 'heldOut',
      variables,
      programs: { heldOut: heldOutProgram(plan) },
    });
    return new HeldOutMeter(plan, module);
  }

  private constructor(plan: TrainingPlan, module: Module) {
    this.layout = plan.layout;
    this.#plan = plan;
    this.#module = module;
  }

  /** The loss of each image. @param weights flat @param images uint8 [n, size, size, channels] */
  losses(weights: Float32Array, images: Uint8Array, labels?: Int32Array): Float32Array {
    this.#module.writeVariable('carry', weights);
    return heldOutLosses(this.#plan, this.#module, images, labels);
  }

  dispose(): void {
    this.#module.dispose();
  }
}
