import type { DataConfig } from '@ddpm-fleet/config';
import { NoteList, type Note } from '@ddpm-fleet/core';
import type { Dataset } from './dataset.js';

/** A share of held-out images above this is said: few sets are made to be held out for the most part. */
const USUAL_PERCENT = 10;

/** What there is to say of a data set under the settings of a run. */
export function dataNotes(dataset: Dataset, { heldOut }: Pick<DataConfig, 'heldOut'>): readonly Note[] {
  const notes = new NoteList();
  const { size, skipped } = dataset;
  const of = size + skipped.length;
  for (const { place, reason } of skipped) notes.count('DDPM_NOTE_DATA_SKIPPED', { of, place, reason });
  const percent = Math.round((100 * heldOut) / size);
  if (percent > USUAL_PERCENT) notes.add('DDPM_NOTE_DATA_HELD_OUT', { heldOut, size, percent });
  return notes.all;
}
