import { linspace } from '../schedule/betaSchedule.js';
import { evenly, roundHalfEven, spaceTimesteps } from '../schedule/respace.js';

/**
 * How the steps of a shorter chain lie in the whole one. `even`: both ends included; `ddim`: an integer stride from
 * 0, which must exist; `leading`, `trailing`, `linspace`: as diffusers has them. Anything else is read as section
 * counts, e.g. '10,15,20'.
 */
export type TimestepSpacing = 'even' | 'ddim' | 'leading' | 'trailing' | 'linspace' | (string & {});

/**
 * The t that a chain of `sampleSteps` visits, ascending and without repeats.
 * @throws DDPM_ERR_SAMPLER when there are fewer t than steps, or the spacing does not exist for that count
 */
export function chooseTimesteps(
  numTimesteps: number,
  sampleSteps: number,
  spacing: TimestepSpacing,
): number[] {
  // Also the check of the count, which every spacing needs.
  const even = evenly(numTimesteps, sampleSteps);
  switch (spacing) {
    case 'even':
      // One step has to come from the noise, not from the image.
      return sampleSteps === 1 ? [numTimesteps - 1] : even;
    case 'ddim':
      return spaceTimesteps(numTimesteps, `ddim${sampleSteps}`);
    case 'leading':
      return even.map((_, i) => i * Math.floor(numTimesteps / sampleSteps));
    case 'trailing':
      return even.map((_, i) => {
        const back = ((sampleSteps - 1 - i) * numTimesteps) / sampleSteps;
        return roundHalfEven(numTimesteps - back) - 1;
      });
    case 'linspace':
      return Array.from(linspace(0, numTimesteps - 1, sampleSteps), roundHalfEven);
    default:
      return spaceTimesteps(numTimesteps, spacing);
  }
}
