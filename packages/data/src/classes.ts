import { fleetError } from '@ddpm-fleet/core';
import type { Dataset } from './dataset.js';
import { listed } from './notes.js';

/** What of a data set its classes are judged by. */
type Classed = Pick<Dataset, 'name' | 'size' | 'numClasses' | 'classNames' | 'unreadableLabels' | 'labels'>;

/**
 * Whether a model of so many classes can be trained on these images: each label must have a class, and where the set
 * names its classes, each class a name.
 * @param numClasses of the model; 0: it has none, and labels are left aside
 * @throws DDPM_ERR_DATA_CLASSES with both numbers and the names
 */
export function assertClasses(dataset: Classed, numClasses: number): void {
  if (numClasses === 0) return;
  const refuse = (problem: string, remedy: string): never => {
    throw fleetError('DDPM_ERR_DATA_CLASSES', { numClasses, name: dataset.name, problem, remedy });
  };
  const { numClasses: there, classNames, unreadableLabels } = dataset;
  if (unreadableLabels) {
    const { count, first } = unreadableLabels;
    refuse(
      `${count} of its labels are neither numbers nor names (${first})`,
      'Mend them, or set model.numClasses to 0',
    );
  }
  if (!dataset.labels([0]))
    refuse('its images have no labels', 'Set model.numClasses to 0, or give the images labels');
  const names = isNumbered(classNames) ? `0 to ${there - 1}` : listed(classNames);
  if (there > numClasses || (there < numClasses && !isNumbered(classNames)))
    refuse(`it has ${there} (${names})`, `Set model.numClasses to ${there}, or to auto`);
}

/**
 * The number of classes that `model.numClasses: auto` means.
 * @throws DDPM_ERR_DATA_CLASSES where the labels make no sense
 */
export function countedClasses(dataset: Classed): number {
  if (!dataset.labels([0])) return 0;
  assertClasses(dataset, dataset.numClasses);
  return dataset.numClasses;
}

/** Whether classes have no names but their numbers; a model may then have more than the images show. */
function isNumbered(names: readonly string[]): boolean {
  return names.every((name, number) => name === String(number));
}
