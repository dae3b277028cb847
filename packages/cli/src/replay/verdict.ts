import type { JournaledStep } from '@ddpm-fleet/coordinator';
import type { ReplayedStep } from './replay.js';

export interface StepVerdict {
  readonly globalStep: number;
  /** undefined: the journal has no digest of this step. */
  readonly equal: boolean | undefined;
  readonly digest: string;
  readonly journalDigest?: string;
  readonly loss: number;
  readonly journalLoss: number;
}

export function compare(step: ReplayedStep, journaled: JournaledStep): StepVerdict {
  const { gradientDigest } = journaled;
  return {
    globalStep: step.globalStep,
    equal: gradientDigest === undefined ? undefined : gradientDigest === step.gradientDigest,
    digest: step.gradientDigest,
    ...(gradientDigest !== undefined && { journalDigest: gradientDigest }),
    loss: step.loss,
    journalLoss: journaled.loss,
  };
}
