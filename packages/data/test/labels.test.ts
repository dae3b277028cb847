import test from 'ava';
import { LabelList, NO_LABEL } from '../src/labels.js';

function labelling(
  values: readonly unknown[],
  names?: readonly string[],
  elsewhere: readonly unknown[] = [],
) {
  const list = new LabelList();
  for (const [i, value] of values.entries()) list.add(value, () => `image ${i}`);
  for (const value of elsewhere) list.addElsewhere(value);
  const { labels, ...rest } = list.build(names);
  return { labels: labels && [...labels], ...rest };
}

test('whole numbers are classes, also as text and as bigint', (t) => {
  const expected = { labels: [2, 0, 1], classNames: ['0', '1', '2'], isText: false };
  t.deepEqual(labelling([2, 0, 1]), expected);
  t.deepEqual(labelling([2n, 0n, 1n]), expected);
  t.deepEqual(labelling(['2\n', '0', ' 1 ']), expected);
  t.deepEqual(labelling([2, 0, 1], ['a', 'b', 'c']).classNames, ['a', 'b', 'c']);
  t.deepEqual(labelling([2, 0, 1], ['a', 'b']).classNames, ['0', '1', '2'], 'names that do not cover them');
  t.deepEqual(labelling([1, 3]).classNames, ['0', '1', '2', '3']);
});

test('text is the name of a class, in byte order, with the names of other splits', (t) => {
  t.deepEqual(labelling(['dog', 'cat', 'dog']), {
    labels: [1, 0, 1],
    classNames: ['cat', 'dog'],
    isText: true,
  });
  t.deepEqual(labelling(['dog', 'cat'], [], ['bee', 'cow']).labels, [3, 1]);
  t.deepEqual(labelling(['7', 'cat', 7]), { labels: [0, 1, 0], classNames: ['7', 'cat'], isText: true });
  t.deepEqual(labelling([true, false]).classNames, ['false', 'true']);
});

test('nothing, null, -1 and empty text say that there is no label', (t) => {
  for (const none of [undefined, null, -1, -1n, '-1', '', '  '])
    t.deepEqual(labelling([none, 1]).labels, [NO_LABEL, 1], String(none));
  t.is(labelling([null, -1]).labels, undefined);
});

test('what makes no sense is counted, with the first place', (t) => {
  for (const value of [1.5, -2, 65536, NaN, {}, ['a', 'b']]) {
    const { labels, unreadable } = labelling([0, value, value]);
    t.deepEqual(labels, [0, NO_LABEL, NO_LABEL]);
    t.is(unreadable!.count, 2);
    t.regex(unreadable!.first, /^image 1: /);
  }
});

test('captions are no classes: beyond as many as there may be, texts are not read', (t) => {
  const { unreadable, classNames } = labelling(Array.from({ length: 70_000 }, (_, i) => `caption ${i}`));
  t.is(unreadable!.count, 70_000 - 65_536);
  t.is(classNames.length, 65_536);
});
