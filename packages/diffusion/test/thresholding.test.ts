import test from 'ava';
import { dynamicThreshold } from '../src/index.js';
import { close, eachArithmetic, extra, given } from './support/golden.js';

const { values, quantile, maximum, value, unbounded, quantile_of_abs: ofAbs } = extra.threshold;

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  const small = values.map((v: number) => v / 5);
  const xStart = given(subject, [[[values]], [[small]]]);

  test(`${subject.name}: quantiles are each image's own`, (t) => {
    const got = arithmetic.quantile(arithmetic.abs(xStart), quantile);
    close(t, subject, got, [ofAbs, ofAbs / 5], 'quantile');
    close(t, subject, arithmetic.quantile(xStart, 1), [2.2, 0.44], 'largest');
    close(t, subject, arithmetic.quantile(xStart, 0), [-3, -0.6], 'least');
  });

  test(`${subject.name}: an image beyond 1 is scaled back, another is left`, (t) => {
    close(
      t,
      subject,
      dynamicThreshold(arithmetic, xStart, { quantile, maximum }),
      [...value, ...small],
      'bounded',
    );
    const free = dynamicThreshold(arithmetic, xStart, { quantile, maximum: Infinity });
    close(t, subject, free, [...unbounded, ...small], 'unbounded');
  });
});
