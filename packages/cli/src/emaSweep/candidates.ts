import { MOST_PROFILE_ERROR, type SnapshotAverages } from '@ddpm-fleet/checkpoint';
import { fleetError } from '@ddpm-fleet/core';
import { InvalidArgumentError } from 'commander';
import { note } from '../output.js';
import { width } from '../weights.js';

/** Widths from one to another. */
export interface WidthRange {
  readonly from: number;
  readonly to: number;
}

/** A width that can be had. */
export interface Candidate {
  readonly relativeStd: number;
  readonly profileError: number;
}

/** `0.02:0.25` */
export function widthRange(text: string): WidthRange {
  const [from, to, ...rest] = text.split(':').map((part) => width(part));
  if (from === undefined || to === undefined || rest.length > 0 || to <= from)
    throw new InvalidArgumentError('two widths are needed, e.g. 0.02:0.25.');
  return { from, to };
}

/** Widths whose ratios are alike, rounded to three digits. */
export function widthsOf({ from, to }: WidthRange, count: number): number[] {
  const at = (i: number): number => from * (to / from) ** (i / Math.max(1, count - 1));
  const widths = Array.from({ length: count }, (_, i) => Number(at(i).toPrecision(3)));
  return [...new Set(widths)];
}

/**
 * Those of the widths that can be put together after a step; what is left out is said.
 * @throws DDPM_ERR_EMA_SWEEP where none can
 */
export function candidatesOf(
  averages: SnapshotAverages,
  widths: readonly number[],
  step: number,
): Candidate[] {
  const fitted = widths.map((relativeStd) => {
    return { relativeStd, profileError: averages.fit({ relativeStd }, step).profileError };
  });
  const possible = fitted.filter(({ profileError }) => profileError <= MOST_PROFILE_ERROR);
  const range = averages.range(step);
  const known = range
    ? `widths from ${range[0]} to ${range[1]} are possible after step ${step}`
    : 'none is possible';
  if (possible.length === 0) {
    const problem = `none of the widths can be put together of the snapshots (${known})`;
    throw fleetError('DDPM_ERR_EMA_SWEEP', { problem, remedy: 'Choose others with --std.' });
  }
  const out = fitted.length - possible.length;
  if (out > 0) note(`${out} of ${fitted.length} widths are left out: ${known}`);
  return possible;
}
