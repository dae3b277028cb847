import test from 'ava';
import { AVERAGE_TYPES, packed } from '../../src/averages/dtype.js';
import { valuesOf } from '../../src/safetensors/values.js';

function through(values: number[], type: 'bfloat16' | 'float16'): number[] {
  const bits = packed(Float32Array.from(values), type) as Uint16Array<ArrayBuffer>;
  const { dtype } = AVERAGE_TYPES[type];
  return [...(valuesOf(new Uint8Array(bits.buffer), dtype, 'x') as Float32Array)];
}

test('every finite half is a float that comes back', (t) => {
  const all = Uint16Array.from({ length: 1 << 16 }, (_, i) => i).filter((bits) => (bits & 0x7c00) < 0x7c00);
  const values = valuesOf(new Uint8Array(all.slice().buffer), 'F16', 'x') as Float32Array;
  t.deepEqual(packed(values, 'float16'), all);
});

test('halves are rounded to nearest, ties to even, and overflow to infinity', (t) => {
  const ulp = 2 ** -10;
  const cases = [
    [1 + ulp / 2, 1],
    [1 + 1.5 * ulp, 1 + 2 * ulp],
    [1 + 0.51 * ulp, 1 + ulp],
    [65504, 65504],
    [65519, 65504],
    [65520, Infinity],
    [2 ** -25, 0],
    [2 ** -25 * 1.01, 2 ** -24],
    [3 * 2 ** -25, 2 ** -23],
    [-(2 ** -14) + 2 ** -26, -(2 ** -14)],
    [-Infinity, -Infinity],
    [NaN, NaN],
  ];
  t.deepEqual(
    through(
      cases.map(([value]) => value!),
      'float16',
    ),
    cases.map(([, half]) => half!),
  );
});

test('the relative error of rounding is at most what is said', (t) => {
  const values = Array.from({ length: 5000 }, (_, i) => Math.fround(Math.sin(i) + 1.5));
  for (const type of ['bfloat16', 'float16'] as const) {
    const worst = through(values, type).reduce(
      (most, value, i) => Math.max(most, Math.abs(value / values[i]! - 1)),
      0,
    );
    t.true(worst <= AVERAGE_TYPES[type].rounding && worst > AVERAGE_TYPES[type].rounding / 2, `${worst}`);
  }
});
