import type { EmaProfile } from '@ddpm-fleet/core';
import { gammaOf } from './profile.js';

/** A power-function average as it stood after a step. */
export interface PowerAverage {
  readonly relativeStd: number;
  readonly step: number;
}

/** The average that is wanted, after a step. */
export type AverageTarget = EmaProfile & { readonly step: number };

/** What a profile p weighs the parameters after step tau by, as far as a fit needs it. */
export interface Density {
  /** <p, p> over tau */
  readonly squared: number;
  /** <p, the profile of a power average> */
  readonly with: (power: PowerAverage) => number;
  /** Weight that no density has: of the first step, which an exponential average begins with. */
  readonly mass: number;
}

/** <p_a, p_b> = (a + 1)(b + 1) m^(a + b + 1) / ((a + b + 1) t_a^(a + 1) t_b^(b + 1)), m = min(t_a, t_b). */
export function innerProduct(a: PowerAverage, b: PowerAverage): number {
  const [early, late] = a.step < b.step ? [a, b] : [b, a];
  const [e, l] = [gammaOf(early.relativeStd), gammaOf(late.relativeStd)];
  // Powers of the ratio of the steps alone: those of the steps themselves overflow.
  return ((e + 1) * (l + 1) * (early.step / late.step) ** l) / ((e + l + 1) * late.step);
}

export function densityOf(target: AverageTarget): Density {
  if (target.decay !== undefined) return exponentialDensity(target.decay, target.step);
  const power = { relativeStd: target.relativeStd, step: target.step };
  return {
    squared: innerProduct(power, power),
    with: (other) => innerProduct(power, other),
    mass: 0,
  };
}

/**
 * An exponential average that began with a copy of the first step: rate e^(-rate (T - tau)) up to T, and e^(-rate T) of
 * the first step, with rate = -ln(decay).
 */
function exponentialDensity(decay: number, step: number): Density {
  const rate = -Math.log(decay);
  return {
    squared: (rate * -Math.expm1(-2 * rate * step)) / 2,
    with: ({ relativeStd, step: t }) => {
      const gamma = gammaOf(relativeStd);
      const end = Math.min(t, step);
      const scale = ((gamma + 1) / t) * rate * Math.exp(-rate * (step - end)) * (end / t) ** gamma;
      return (
        scale *
        integral((back) => Math.exp(gamma * Math.log1p(-back / end) - rate * back), {
          to: Math.min(end, REACH / (gamma / end + rate)),
        })
      );
    },
    mass: Math.exp(-rate * step),
  };
}

/** Exponents below this are nothing in float64. */
const REACH = 40;
const PANELS = 32;
/** Nodes and weights of Gauss and Legendre on [-1, 1], five points: exact to degree 9. */
const NODES: readonly (readonly [number, number])[] = [
  [0, 128 / 225],
  ...[-1, 1].flatMap((sign) => [
    [(sign / 3) * Math.sqrt(5 - 2 * Math.sqrt(10 / 7)), (322 + 13 * Math.sqrt(70)) / 900] as const,
    [(sign / 3) * Math.sqrt(5 + 2 * Math.sqrt(10 / 7)), (322 - 13 * Math.sqrt(70)) / 900] as const,
  ]),
];

/** From 0, in panels. */
function integral(f: (x: number) => number, { to }: { readonly to: number }): number {
  const half = to / PANELS / 2;
  let sum = 0;
  for (let panel = 0; panel < PANELS; panel++) {
    const middle = (2 * panel + 1) * half;
    for (const [node, weight] of NODES) sum += weight * f(middle + half * node);
  }
  return sum * half;
}
