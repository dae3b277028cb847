/**
 * Power-function averages (Karras et al. 2024, "Analyzing and Improving the Training Dynamics of Diffusion Models",
 * section 3 and appendix C): after t steps the parameters of step tau weigh (gamma + 1) tau^gamma / t^(gamma + 1). A
 * profile is called by its width, the standard deviation of tau in units of t: the same share of a run whatever its
 * length. All in float64.
 */

/** Width of the profile that weighs all steps alike, gamma 0; wider ones would weigh the first steps most. */
export const WIDEST_STD = Math.sqrt(1 / 12);

/** Width of an exponent. */
export function relativeStd(gamma: number): number {
  return Math.sqrt((gamma + 1) / ((gamma + 2) ** 2 * (gamma + 3)));
}

/**
 * Exponent of a width, the largest root of (gamma + 2)^2 (gamma + 3) = (gamma + 1) / std^2.
 * @param std above 0, at most `WIDEST_STD`
 */
export function gammaOf(std: number): number {
  const inverse = std ** -2;
  const residual = (g: number): number => (g + 2) ** 2 * (g + 3) - (g + 1) * inverse;
  // From above the cubic is convex and rising, so that Newton's steps come down to its largest root.
  let gamma = 1 / std;
  for (let i = 0; i < 100; i++) {
    const slope = 2 * (gamma + 2) * (gamma + 3) + (gamma + 2) ** 2 - inverse;
    const next = gamma - residual(gamma) / slope;
    if (!(next < gamma)) break;
    gamma = next;
  }
  return gamma;
}

/** Decay of update `t`, counted from 1; 0 for the first, which copies. */
export function powerDecay(std: number, t: number): number {
  return t <= 1 ? 0 : Math.exp((gammaOf(std) + 1) * Math.log1p(-1 / t));
}

/** 1 - `powerDecay`, without the rounding of the difference. */
export function powerWeight(std: number, t: number): number {
  return t <= 1 ? 1 : -Math.expm1((gammaOf(std) + 1) * Math.log1p(-1 / t));
}
