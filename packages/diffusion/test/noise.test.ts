import test from 'ava';
import { offsetNoise } from '../src/index.js';
import { close, eachArithmetic, given } from './support/golden.js';

eachArithmetic((subject) => {
  test(`${subject.name}: offset noise moves a whole channel of an image`, (t) => {
    const noise = given(subject, [
      [
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [
        [
          [4, 5],
          [6, 7],
        ],
      ],
    ]);
    const offset = given(subject, [[[[10, 20]]], [[[30, 40]]]]);
    const got = offsetNoise(subject.arithmetic, noise, offset, 0.1);
    close(t, subject, got, [1, 3, 3, 5, 7, 9, 9, 11], 'noise');
    t.is(offsetNoise(subject.arithmetic, noise, offset, 0), noise);
  });
});
