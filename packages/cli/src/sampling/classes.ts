import { fleetError } from '@ddpm-fleet/core';
import type { Guidance } from '@ddpm-fleet/inference';
import type { Trained } from '../trained.js';
import type { SamplerFlags } from './flags.js';

export interface ClassFlags extends Pick<SamplerFlags, 'guidance' | 'guidanceRescale'> {
  /** `3`, `0,3,5`, or `each`. */
  readonly class?: string;
  readonly count: number;
}

/** Which class each image is of, and how they are laid out. */
export interface Classes {
  readonly labels?: readonly number[];
  readonly guidance?: Guidance;
  /** Images, a whole number of each class where each has a row of its own. */
  readonly count: number;
  readonly columns?: number;
}

/**
 * Without --class the classes take turns; `each` and a list give every class a row of the grid.
 * @throws DDPM_ERR_SAMPLE_CLASS
 */
export function chooseClasses({ model }: Trained, flags: ClassFlags): Classes {
  const { count, guidance: scale, guidanceRescale: rescale } = flags;
  const { numClasses } = model.config.model;
  if (numClasses === 0) {
    if (flags.class !== undefined || scale !== 1) refuse('the model has no classes to choose or guide by');
    return { count };
  }
  const guidance = scale === 1 ? {} : { guidance: { scale, rescale } };
  if (flags.class === undefined) {
    return { count, ...guidance, labels: Array.from({ length: count }, (_, i) => i % numClasses) };
  }
  const classes = parseClasses(flags.class, numClasses);
  const columns = Math.ceil(count / classes.length);
  const labels = classes.flatMap((label) => new Array<number>(columns).fill(label));
  if (classes.length === 1) return { count, ...guidance, labels };
  return { count: labels.length, columns, ...guidance, labels };
}

function parseClasses(text: string, numClasses: number): number[] {
  if (text === 'each') return Array.from({ length: numClasses }, (_, label) => label);
  return text.split(',').map((one) => {
    const label = Number(one);
    if (!/^\d+$/.test(one) || label >= numClasses) refuse(`classes are 0 to ${numClasses - 1}, or each`);
    return label;
  });
}

function refuse(detail: string): never {
  throw fleetError('DDPM_ERR_SAMPLE_CLASS', { detail });
}
