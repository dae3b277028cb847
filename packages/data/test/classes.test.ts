import test from 'ava';
import { assertClasses, countedClasses, dataNotes, NO_LABEL, type Dataset } from '../src/index.js';
import { loadConfig } from '@ddpm-fleet/config';

function dataset(labels: readonly number[] | undefined, classNames: readonly string[], rest = {}): Dataset {
  return {
    ...{ name: 'x', size: labels?.length ?? 3, imageSize: 8, channels: 3, hash: '', skipped: [], notes: [] },
    sizes: { count: 1, smallest: [8, 8], largest: [8, 8] },
    ...{ classNames, numClasses: classNames.length },
    labels: (indices) => labels && Int32Array.from(indices, (index) => labels[index]!),
    read: async () => {},
    close: async () => {},
    ...rest,
  };
}

const abcd = dataset([0, 1, 2, 3], ['a', 'b', 'c', 'd']);
const fromOne = dataset([1, 2, 3, 1, 2, 3], ['0', '1', '2', '3']);

test('numbers of classes that do not fit are refused with both numbers and the names', (t) => {
  for (const numClasses of [1, 2, 3, 9]) {
    const { message } = t.throws(() => assertClasses(abcd, numClasses), { code: 'DDPM_ERR_DATA_CLASSES' })!;
    t.regex(
      message,
      new RegExp(`^model\\.numClasses is ${numClasses}, .*4 \\(a, b, c, d\\).*to 4, or to auto`),
    );
  }
  t.throws(() => assertClasses(fromOne, 3), { message: /it has 4 \(0 to 3\)/ });
  for (const [set, numClasses] of [
    [abcd, 4],
    [abcd, 0],
    [fromOne, 4],
    [fromOne, 10],
  ] as const)
    t.notThrows(() => assertClasses(set, numClasses));
});

test('images without labels are refused for a model of classes', (t) => {
  const none = dataset(undefined, []);
  t.throws(() => assertClasses(none, 2), { message: /its images have no labels/ });
  t.notThrows(() => assertClasses(none, 0));
  t.is(countedClasses(none), 0);
});

test('labels that make no sense matter only where labels are asked for', (t) => {
  const odd = dataset([0, NO_LABEL], ['0'], { unreadableLabels: { count: 1, first: 'x.tar: 1: 1.5' } });
  t.throws(() => assertClasses(odd, 1), { message: /1 of its labels .* \(x\.tar: 1: 1\.5\)/ });
  t.notThrows(() => assertClasses(odd, 0));
  t.throws(() => countedClasses(odd), { code: 'DDPM_ERR_DATA_CLASSES' });
});

test('auto is the number that the whole set has', (t) => {
  t.is(countedClasses(abcd), 4);
  t.is(countedClasses(fromOne), 4);
});

test('classes without images and images without labels are noted', (t) => {
  const notes = (set: Dataset, numClasses: number) => {
    const config = loadConfig({ env: {}, set: [`model.numClasses=${numClasses}`, 'data.heldOut=0'] });
    return dataNotes(set, config).map(({ text }) => text);
  };
  t.regex(notes(fromOne, 4)[0]!, /^1 of 4 classes have no image here: 0\./);
  t.regex(notes(fromOne, 10)[0]!, /^7 of 10 classes have no image here: 0, 4, 5, 6, 7, 8, 9\./);
  t.deepEqual(notes(fromOne, 0), []);
  t.regex(notes(dataset([0, NO_LABEL], ['0']), 1)[0]!, /^1 of 2 images have no label/);
});
