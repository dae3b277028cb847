import { NoteList, assertAccepted, type Note, type Strictness } from '@ddpm-fleet/core';
import { diffusionTables, getBetaSchedule, type SamplerPlan } from '@ddpm-fleet/diffusion';
import { sayNotes } from '../output.js';
import type { Trained } from '../trained.js';

/** Below this a chain's first step cannot tell what it is given from noise. */
const NOISE = 1e-4;

interface Asked {
  readonly guidance: number;
  /** The chain starts from images noised to this. */
  readonly startT?: number | undefined;
}

/** What this model and this chain of steps cannot do as asked. */
export function samplingNotes({ model }: Trained, plan: SamplerPlan, asked: Asked): readonly Note[] {
  const notes = new NoteList();
  const { diffusion, model: unet } = model.config;
  if (plan.isNoisy) notes.add('DDPM_NOTE_SAMPLER', { steps: plan.steps.length });
  const first = plan.steps[0]!.t;
  const { betaSchedule, betaStart, betaEnd, numTimesteps } = diffusion;
  if (asked.startT === undefined && first < numTimesteps - 1) {
    const betas = getBetaSchedule(betaSchedule, betaStart, betaEnd, numTimesteps);
    const value = diffusionTables(betas, betaSchedule).alphasCumprod[first]!;
    if (value > NOISE) notes.add('DDPM_NOTE_SPACING', { t: first, value: Number(value.toPrecision(2)) });
  }
  if (asked.guidance !== 1 && unet.numClasses > 0 && diffusion.labelDropProb === 0) {
    notes.add('DDPM_NOTE_GUIDANCE', {});
  }
  return notes.all;
}

/** Says them, or with --strict refuses. @throws DDPM_ERR_STRICT, DDPM_ERR_NOTE_UNKNOWN */
export function tellNotes(notes: readonly Note[], strictness: Strictness): void {
  sayNotes(notes);
  assertAccepted(notes, strictness);
}
