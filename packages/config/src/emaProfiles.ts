import { compareProfiles, type EmaProfile } from '@ddpm-fleet/core';
import type { EmaConfig } from './types.js';

/** Every average that a run keeps, in the order of a state's. */
export function emaProfiles({ decays, power }: Pick<EmaConfig, 'decays' | 'power'>): EmaProfile[] {
  const profiles = [...decays.map((decay) => ({ decay })), ...power.map((std) => ({ relativeStd: std }))];
  return profiles.toSorted(compareProfiles);
}
