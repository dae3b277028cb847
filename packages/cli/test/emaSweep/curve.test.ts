import test from 'ava';
import { widthRange, widthsOf } from '../../src/emaSweep/candidates.js';
import { curveSvg } from '../../src/emaSweep/curve.js';

test('widths have equal ratios, both ends among them', (t) => {
  t.deepEqual(widthsOf({ from: 0.02, to: 0.16 }, 4), [0.02, 0.04, 0.08, 0.16]);
  t.deepEqual(widthsOf({ from: 0.1, to: 0.1001 }, 5), [0.1], 'each once');
  t.deepEqual(widthRange('0.02:0.25'), { from: 0.02, to: 0.25 });
  for (const bad of ['0.1', '0.1:0.1', '0.2:0.1', '0.1:0.2:0.25', '0:0.1', '0.1:0.3', 'a:b', ''])
    t.throws(() => widthRange(bad), undefined, bad);
});

test('the curve is a picture: lower is lower down, the lowest has a ring, others are lines with names', (t) => {
  const svg = curveSvg({
    title: 'a < b & c',
    metric: 'heldOut',
    points: [
      { relativeStd: 0.05, value: 0.3 },
      { relativeStd: 0.1, value: 0.1 },
      { relativeStd: 0.2, value: 0.2 },
    ],
    others: [{ name: 'raw', value: 0.4 }],
  });
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="(\d)"/g)].map(([, x, y, r]) =>
    [x, y, r].map(Number),
  );
  t.is(circles.length, 4);
  const [a, b, c, ring] = circles as [number[], number[], number[], number[]];
  t.true(a[0]! < b[0]! && b[0]! < c[0]! && b[1]! > c[1]! && c[1]! > a[1]!);
  t.true(Math.abs(c[0]! - 2 * b[0]! + a[0]!) < 0.2, 'the axis is logarithmic');
  t.deepEqual(ring.slice(0, 2), b.slice(0, 2));
  t.true(svg.includes('a &lt; b &amp; c') && svg.includes('>raw</text>'));
});
