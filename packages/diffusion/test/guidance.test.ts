import test from 'ava';
import { guidedOutput } from '../src/index.js';
import { close, eachArithmetic, extra, given } from './support/golden.js';

const { cond, null: none, scale, phi, guided, rescaled } = extra.guidance;

eachArithmetic((subject) => {
  const { arithmetic } = subject;
  // Two equal images, so that statistics over the batch would show.
  const images = (values: number[]) => given(subject, [[[values]], [[values.map((v) => 2 * v)]]]);
  const twice = (values: number[]) => [...values, ...values.map((v) => 2 * v)];
  const guide = (s: number, rescale?: number) =>
    guidedOutput(arithmetic, {
      conditional: images(cond),
      unconditional: images(none),
      scale: given(subject, [s]),
      ...(rescale !== undefined && { rescale: given(subject, [rescale]) }),
      channels: 6,
    });

  test(`${subject.name}: guidance`, (t) => {
    close(t, subject, guide(scale), twice(guided), 'guided');
    close(t, subject, guide(1), twice(cond), 'conditional');
    close(t, subject, guide(0), twice(none), 'unconditional');
  });

  test(`${subject.name}: rescaled guidance`, (t) => {
    close(t, subject, guide(scale, phi), twice(rescaled), 'rescaled');
    close(t, subject, guide(scale, 0), twice(guided), 'not rescaled');
  });

  test(`${subject.name}: a learned variance is taken from the conditional output`, (t) => {
    const values = images([9, 8, 7, 6, 5, 4]);
    const got = guidedOutput(arithmetic, {
      conditional: arithmetic.join(images(cond), values),
      unconditional: arithmetic.join(images(none), images(cond)),
      scale: given(subject, [scale]),
      rescale: given(subject, [phi]),
      channels: 6,
    });
    const [mean, variance] = arithmetic.halves(got);
    close(t, subject, mean, twice(rescaled), 'mean');
    t.deepEqual(subject.values(variance), subject.values(values));
  });
});
