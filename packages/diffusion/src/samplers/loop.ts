import type { Arithmetic } from '../arithmetic/arithmetic.js';
import type { GaussianDiffusion } from '../gaussian.js';
import type { DiffusionModel } from '../network.js';
import { COEFFICIENTS } from './coefficients.js';
import type { SamplerPlan } from './samplerPlan.js';
import { samplerStep } from './step.js';
import type { DynamicThreshold } from '../thresholding.js';

export interface LoopArgs<T> {
  readonly model: DiffusionModel<T>;
  /** x at the first step: standard normal where that is t = T - 1. [B, H, W, C]; stays the caller's. */
  readonly xT: T;
  /** Standard normal like xT, for step t; called in a scope, which frees it. */
  readonly noise: (t: number) => T;
  /** True if absent. */
  readonly clipDenoised?: boolean;
  /** The first t; T - 1 if absent. */
  readonly startT?: number;
}

/** x_{t-1} and the xStart predicted at t; whoever takes them from the iterator owns them. */
export interface ReverseStep<T> {
  readonly t: number;
  readonly sample: T;
  readonly predXStart: T;
}

/** Ancestral sampling (algorithm 2), a step at a time: t falls to 0 inclusive; nothing is clipped at the end. */
export function* pSampleSteps<T>(
  diffusion: GaussianDiffusion<T>,
  { model, xT, noise, clipDenoised = true, startT = diffusion.numTimesteps - 1 }: LoopArgs<T>,
): Generator<ReverseStep<T>, void, void> {
  const { arithmetic } = diffusion;
  const images = arithmetic.shape(xT)[0]!;
  let x = xT;
  for (let t = startT; t >= 0; t--) {
    const step = arithmetic.scope(() => {
      const ts = arithmetic.timesteps(new Int32Array(images).fill(t));
      const output = model(x, diffusion.modelTimesteps(ts));
      return diffusion.pSample({ output, x, t: ts, noise: noise(t), clipDenoised });
    });
    yield { t, ...step };
    x = step.sample;
  }
}

/** Images from noise: the last `sample` of `pSampleSteps`. */
export function pSampleLoop<T>(diffusion: GaussianDiffusion<T>, args: LoopArgs<T>): T {
  const { free } = diffusion.arithmetic;
  let x: T | undefined;
  for (const { sample, predXStart } of pSampleSteps(diffusion, args)) {
    free(predXStart);
    if (x !== undefined) free(x);
    x = sample;
  }
  return x!;
}

/**
 * Images from noise, and how they came about: `progress[k]` is the xStart predicted at t = k * `every`, the last
 * of the steps that share that slot. t beyond the last whole slot are dropped, as Ho et al. drop them.
 */
export function pSampleLoopProgressive<T>(
  diffusion: GaussianDiffusion<T>,
  { every = 50, ...args }: LoopArgs<T> & { readonly every?: number },
): { sample: T; progress: T[] } {
  const { free } = diffusion.arithmetic;
  const progress: T[] = [];
  let x: T | undefined;
  for (const { t, sample, predXStart } of pSampleSteps(diffusion, args)) {
    const slot = progressSlot(t, every, diffusion.numTimesteps);
    if (slot !== undefined && t % every === 0) progress[slot] = predXStart;
    else free(predXStart);
    if (x !== undefined) free(x);
    x = sample;
  }
  return { sample: x!, progress };
}

/** Which slot of the progress the prediction at t goes into; undefined: none. */
export function progressSlot(t: number, every: number, numTimesteps: number): number | undefined {
  const slot = Math.floor(t / every);
  return slot < Math.floor(numTimesteps / every) ? slot : undefined;
}

export interface PlanArgs<T> {
  readonly plan: SamplerPlan;
  /** Given `modelT` for each image, as real numbers. */
  readonly model: DiffusionModel<T>;
  readonly xT: T;
  /** Standard normal like xT, for the step of that `index`; needed if the plan is stochastic. */
  readonly noise?: (index: number) => T;
  readonly threshold?: DynamicThreshold;
}

/** Runs a plan op by op: the reference for compiled ones, and the way where nothing is compiled. */
export function runPlan<T>(
  arithmetic: Arithmetic<T>,
  { plan, model, xT, noise, threshold }: PlanArgs<T>,
): { sample: T; predXStart: T } {
  const { scope, constant, shape, free } = arithmetic;
  let state: { x: T; predXStart: T } | undefined;
  for (const { modelT, index, exact } of plan.steps) {
    const { x, predXStart: previousXStart } = state ?? { x: xT, predXStart: undefined };
    const next = scope(() =>
      samplerStep(arithmetic, {
        x,
        output: model(x, constant(new Float64Array(shape(x)[0]!).fill(modelT), [shape(x)[0]!])),
        noise: plan.isStochastic ? noise?.(index) : undefined,
        previousXStart: plan.usesPreviousXStart ? previousXStart : undefined,
        coefficients: constant(
          COEFFICIENTS.map((name) => exact[name]),
          [COEFFICIENTS.length],
        ),
        threshold,
      }),
    );
    if (state) [state.x, state.predXStart].forEach(free);
    state = next;
  }
  return { sample: state!.x, predXStart: state!.predXStart };
}
