import { fleetError } from '@ddpm-fleet/core';
import { GaussianDiffusion } from '../gaussian.js';

/**
 * Which t of a chain of `numTimesteps` a shorter one keeps, ascending (Nichol and Dhariwal 2021, section 4).
 * `sections`: counts such as '10,15,20', one a section of equal length, spread evenly from its first t to its
 * last; or 'ddim50': a constant integer stride from 0.
 * @throws DDPM_ERR_SAMPLER when a section has fewer t than are asked of it, no stride gives that count, or it is written otherwise
 */
export function spaceTimesteps(numTimesteps: number, sections: string): number[] {
  if (!/^(ddim\d+|\d+(,\d+)*)$/.test(sections)) {
    throw fleetError('DDPM_ERR_SAMPLER', {
      problem: `'${sections}' is not a way to choose timesteps`,
      remedy: "Write counts such as '10,15,20', or ddimN, or one of even, ddim, leading, trailing, linspace.",
    });
  }
  if (sections.startsWith('ddim')) return strided(numTimesteps, Number(sections.slice('ddim'.length)));
  const counts = sections.split(',').map(Number);
  const length = Math.floor(numTimesteps / counts.length);
  const longer = numTimesteps % counts.length;
  let start = 0;
  return counts.flatMap((count, section) => {
    const size = length + (section < longer ? 1 : 0);
    const kept = evenly(size, count).map((t) => start + t);
    start += size;
    return kept;
  });
}

/** `count` of 0..size-1 with both ends; a stride is summed up as the reference does, since its rounding shows. */
export function evenly(size: number, count: number): number[] {
  if (!Number.isInteger(count) || count < 1 || count > size) {
    throw fleetError('DDPM_ERR_SAMPLER', {
      problem: `${count} steps cannot be taken out of ${size}`,
      remedy: `Ask for an integer between 1 and ${size}.`,
    });
  }
  const stride = count > 1 ? (size - 1) / (count - 1) : 1;
  let at = 0;
  return Array.from({ length: count }, () => {
    const t = roundHalfEven(at);
    at += stride;
    return t;
  });
}

function strided(numTimesteps: number, count: number): number[] {
  for (let stride = 1; stride < numTimesteps; stride++) {
    if (Math.ceil(numTimesteps / stride) === count) {
      return Array.from({ length: count }, (_, i) => i * stride);
    }
  }
  throw fleetError('DDPM_ERR_SAMPLER', {
    problem: `no integer stride takes exactly ${count} steps out of ${numTimesteps} (ddim${count})`,
    remedy: `Use a count that divides ${numTimesteps}, or even spacing, which takes any count.`,
  });
}

/** Rounds as Python and numpy do: halves to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** betas of the chain that visits only `timesteps` (ascending): its alphasCumprod are the whole chain's there. */
export function respacedBetas(alphasCumprod: ArrayLike<number>, timesteps: readonly number[]): Float64Array {
  return Float64Array.from(timesteps, (t, i) => {
    return 1 - alphasCumprod[t]! / (i === 0 ? 1 : alphasCumprod[timesteps[i - 1]!]!);
  });
}

/**
 * The chain of `diffusion` that visits only `timesteps` (ascending). Its variances are those of its own betas; its
 * model is still given the t that it was trained with.
 * @throws DDPM_ERR_SAMPLER for what a model learned about single steps of the whole chain
 */
export function respace<T>(
  diffusion: GaussianDiffusion<T>,
  timesteps: readonly number[],
): GaussianDiffusion<T> {
  const { options, tables, arithmetic } = diffusion;
  assertRespaceable(options, timesteps.length === tables.numTimesteps);
  const map = options.timestepMap;
  return new GaussianDiffusion(arithmetic, {
    ...options,
    betas: respacedBetas(tables.alphasCumprod, timesteps),
    timestepMap: map ? timesteps.map((t) => map[t]!) : timesteps,
    originalNumTimesteps: options.originalNumTimesteps ?? tables.numTimesteps,
  });
}

/** @throws DDPM_ERR_SAMPLER when the model speaks of one step of the whole chain, which a shorter one lacks */
export function assertRespaceable(
  { modelMeanType, modelVarType }: { readonly modelMeanType: string; readonly modelVarType: string },
  isWhole: boolean,
): void {
  if (isWhole || (modelMeanType !== 'xPrev' && modelVarType !== 'learned')) return;
  const what = modelMeanType === 'xPrev' ? 'modelMeanType xPrev' : 'modelVarType learned';
  throw fleetError('DDPM_ERR_SAMPLER', {
    problem: `a model with ${what} predicts single steps of the chain it was trained on and cannot take longer ones`,
    remedy: 'Leave sampleSteps out to take every step, or use the sampler ddim, which needs xStart alone.',
  });
}
