import type { RunConfig } from '@ddpm-fleet/config';
import { NoteList, type Note } from '@ddpm-fleet/core';
import type { Dataset } from './dataset.js';
import { NO_LABEL } from './labels.js';

/** A share of held-out images above this is said: few sets are made to be held out for the most part. */
const USUAL_PERCENT = 10;
/** So many names are listed, and the rest counted. */
const LISTED = 10;

/** What there is to say of a data set under the settings of a run. */
export function dataNotes(dataset: Dataset, config: Pick<RunConfig, 'data' | 'model'>): readonly Note[] {
  const notes = new NoteList();
  const { size, skipped } = dataset;
  const { heldOut } = config.data;
  notes.addAll(dataset.notes);
  const of = size + skipped.length;
  for (const { place, reason } of skipped) notes.count('DDPM_NOTE_DATA_SKIPPED', { of, place, reason });
  noteLabels(dataset, config.model.numClasses, notes);
  const percent = Math.round((100 * heldOut) / size);
  if (percent > USUAL_PERCENT) notes.add('DDPM_NOTE_DATA_HELD_OUT', { heldOut, size, percent });
  return notes.all;
}

function noteLabels(dataset: Dataset, numClasses: number, notes: NoteList): void {
  const { unreadableLabels, size } = dataset;
  if (unreadableLabels) notes.add('DDPM_NOTE_DATA_UNREADABLE_LABELS', { ...unreadableLabels });
  const counts = countLabels(dataset);
  if (!counts) return;
  if (counts.unlabelled > 0) notes.add('DDPM_NOTE_DATA_UNLABELLED', { count: counts.unlabelled, size });
  if (numClasses === 0) return;
  const of = Math.max(numClasses, dataset.numClasses);
  const empty = Array.from({ length: of }, (_, label) => label).filter((label) => !counts.classes[label]);
  const list = listed(empty.map((label) => dataset.classNames[label] ?? String(label)));
  if (empty.length > 0) notes.add('DDPM_NOTE_DATA_EMPTY_CLASSES', { count: empty.length, of, list });
}

/** Images of each class by its number; undefined where the images have no labels. */
export function countLabels(dataset: Dataset): { classes: Uint32Array; unlabelled: number } | undefined {
  const labels = dataset.labels(Uint32Array.from({ length: dataset.size }, (_, index) => index));
  if (!labels) return undefined;
  const classes = new Uint32Array(dataset.numClasses);
  let unlabelled = 0;
  for (const label of labels) {
    if (label === NO_LABEL) unlabelled++;
    else classes[label]!++;
  }
  return { classes, unlabelled };
}

/** `a, b, c and 12 more` */
export function listed(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return names.slice(0, LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
