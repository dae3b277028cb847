import { readFileSync } from 'node:fs';

export interface WidthCase {
  readonly kind: 'width';
  readonly relativeStd: number;
  readonly gamma: number;
}

export interface DecaysCase {
  readonly kind: 'decays';
  readonly relativeStd: number;
  readonly steps: readonly number[];
  readonly decay: readonly number[];
}

export interface ReconstructCase {
  readonly kind: 'reconstruct';
  readonly name: string;
  readonly targetStd: number;
  readonly targetStep: number;
  readonly snapshots: readonly { readonly relativeStd: number; readonly step: number }[];
  readonly coefficients: readonly number[];
  readonly profileError: number;
  /** Parameters after each step, from 1 on. */
  readonly path: readonly (readonly number[])[] | null;
  readonly direct: readonly number[];
  readonly reconstructed: readonly number[];
}

type Case = WidthCase | DecaysCase | ReconstructCase;

const FILE = new URL('../../../../../test/golden/posthoc-ema.json', import.meta.url);

/** Cases of an independent implementation in float64. */
export function golden<K extends Case['kind']>(kind: K): Extract<Case, { kind: K }>[] {
  const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { cases: Case[] };
  return cases.filter((one): one is Extract<Case, { kind: K }> => one.kind === kind);
}
