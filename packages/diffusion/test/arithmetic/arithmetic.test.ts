import test from 'ava';
import { float64, ndArray } from '../../src/index.js';
import { close, eachArithmetic, given } from '../support/golden.js';

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const a = given(subject, [
    [
      [
        [1, -2],
        [3, -4],
      ],
    ],
    [
      [
        [5, -6],
        [7, -8],
      ],
    ],
  ]);

  test(`${subject.name}: shapes`, (t) => {
    t.deepEqual(arithmetic.shape(a), [2, 1, 2, 2]);
    const [low, high] = arithmetic.halves(a);
    t.deepEqual(subject.values(low), [1, 3, 5, 7]);
    t.deepEqual(subject.values(high), [-2, -4, -6, -8]);
    t.deepEqual(subject.values(arithmetic.join(high, low)), [-2, 1, -4, 3, -6, 5, -8, 7]);
    t.deepEqual(subject.values(arithmetic.repeatFirst(a)), [1, -2, 3, -4, 1, -2, 3, -4]);
    t.deepEqual(arithmetic.shape(arithmetic.join(low, low)), [2, 1, 2, 2]);
    t.deepEqual(subject.values(arithmetic.element(given(subject, [4, 5, 6]), 1)), [5]);
  });

  test(`${subject.name}: broadcasting`, (t) => {
    const perImage = given(subject, [[[[10]]], [[[100]]]]);
    t.deepEqual(subject.values(arithmetic.mul(perImage, a)), [10, -20, 30, -40, 500, -600, 700, -800]);
    t.deepEqual(subject.values(arithmetic.sub(a, given(subject, [1]))), [0, -3, 2, -5, 4, -7, 6, -9]);
    t.deepEqual(subject.values(arithmetic.add(given(subject, [1, 0]), a)), [2, -2, 4, -4, 6, -6, 8, -8]);
  });

  test(`${subject.name}: pointwise`, (t) => {
    const x = given(subject, [0.25, 1, 4]);
    close(t, subject, arithmetic.sqrt(x), [0.5, 1, 2], 'sqrt');
    close(t, subject, arithmetic.log(arithmetic.exp(x)), [0.25, 1, 4], 'log exp');
    close(t, subject, arithmetic.sigmoid(given(subject, [0, -30])), [0.5, Math.exp(-30)], 'sigmoid');
    close(t, subject, arithmetic.affine(x, -2, 1), [0.5, -1, -7], 'affine');
    close(t, subject, arithmetic.clip(x, 0.5, 2), [0.5, 1, 2], 'clip');
    close(t, subject, arithmetic.minimum(x, given(subject, [1])), [0.25, 1, 1], 'minimum');
    close(t, subject, arithmetic.maximum(x, given(subject, [1])), [1, 1, 4], 'maximum');
    close(
      t,
      subject,
      arithmetic.whereLess(x, 1, given(subject, [7]), arithmetic.affine(x, -1)),
      [7, -1, -4],
      'where',
    );
    close(t, subject, arithmetic.mean(a), [-0.5, -0.5], 'mean');
  });

  test(`${subject.name}: tables`, (t) => {
    const ts = arithmetic.timesteps([2, 0]);
    close(t, subject, arithmetic.lookup(Float64Array.of(0.1, 0.2, 0.3), ts), [0.3, 0.1], 'lookup');
  });
});

test('arrays that do not fit are refused', (t) => {
  t.throws(() => ndArray([1, 2, 3], [2]), { instanceOf: RangeError });
  t.throws(() => float64.add(ndArray([1, 2], [2]), ndArray([1, 2, 3], [3])), { instanceOf: RangeError });
  t.throws(() => float64.lookup([1, 2], ndArray([2], [1])), { instanceOf: RangeError });
});
