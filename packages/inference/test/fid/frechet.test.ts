import test from 'ava';
import * as inference from '../../src/index.js';
import type { FeatureStatistics } from '../../src/index.js';

const frechetDistance = (a: FeatureStatistics, b: FeatureStatistics): number =>
  inference.frechetDistance(a, b).distance;

const diagonal = (mu: number[], variances: number[]): FeatureStatistics => ({
  name: 'diagonal',
  mu: Float64Array.from(mu),
  sigma: Float64Array.from({ length: mu.length ** 2 }, (_, i) =>
    i % (mu.length + 1) === 0 ? variances[i / (mu.length + 1)]! : 0,
  ),
});

/** Both turned by the same angle in the plane of the first two features. */
function turned({ name, mu, sigma }: FeatureStatistics, angle: number): FeatureStatistics {
  const n = mu.length;
  const R = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  [R[0], R[1], R[n], R[n + 1]] = [c, -s, s, c];
  const product = (A: Float64Array, B: Float64Array, transposeB: boolean): Float64Array =>
    Float64Array.from({ length: n * n }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < n; k++) {
        sum += A[Math.floor(i / n) * n + k]! * B[transposeB ? (i % n) * n + k : k * n + (i % n)]!;
      }
      return sum;
    });
  const mean = mu.map((_, i) => mu.reduce((sum, value, k) => sum + R[i * n + k]! * value, 0));
  return { name, mu: mean, sigma: product(product(R, sigma, false), R, true) };
}

test('the golden distance: |mu|^2 + sum of (sqrt a - sqrt b)^2', (t) => {
  // test/golden/ddpm.json, fid_diagonal
  t.true(Math.abs(frechetDistance(diagonal([0, 1], [1, 4]), diagonal([1, 1], [4, 1])) - 3) < 1e-12);
});

test('Gaussians that commute have a distance in closed form, whatever way they are turned', (t) => {
  const [a, b] = [
    [0.3, 2, 5, 1e-9],
    [1, 0.5, 4, 0],
  ];
  const [p, q] = [
    [0.1, -2, 3, 1],
    [0, 0, 1, 1],
  ];
  const want = a.reduce(
    (sum, v, i) => sum + (p[i]! - q[i]!) ** 2 + (Math.sqrt(v) - Math.sqrt(b[i]!)) ** 2,
    0,
  );
  for (const angle of [0, 0.7, 2.5]) {
    const got = frechetDistance(turned(diagonal(p, a), angle), turned(diagonal(q, b), angle));
    t.true(Math.abs(got - want) < 1e-10 * want, `${angle}: ${got} ${want}`);
  }
});

test('in two dimensions tr sqrt(AB) is sqrt(tr AB + 2 sqrt det AB)', (t) => {
  const gaussian = (a: number, b: number, d: number): FeatureStatistics => ({
    name: 'plane',
    mu: Float64Array.of(0, 0),
    sigma: Float64Array.of(a, b, b, d),
  });
  const root = Math.sqrt(2 * 1 + 2 * 0.5 * -0.3 + 1 * 3 + 2 * Math.sqrt((2 - 0.25) * (3 - 0.09)));
  const got = frechetDistance(gaussian(2, 0.5, 1), gaussian(1, -0.3, 3));
  t.true(Math.abs(got - (3 + 4 - 2 * root)) < 1e-12, `${got}`);
});

test('trap 27: of covariances without full rank; of a Gaussian and itself; of unlike features', (t) => {
  const n = 40;
  const values = Float64Array.from({ length: 6 * n }, (_, i) => Math.sin(i * i));
  const sigma = Float64Array.from({ length: n * n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < 6; k++) sum += values[k * n + Math.floor(i / n)]! * values[k * n + (i % n)]!;
    return sum;
  });
  const low = { name: 'low', mu: new Float64Array(n), sigma };
  t.true(Math.abs(frechetDistance(low, low)) < 1e-6);
  t.throws(() => frechetDistance(low, diagonal([0], [1])), { code: 'DDPM_ERR_FID' });
});

const square = (n: number, at: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n));
const one = diagonal([0, 0], [1, 1]);

for (const [what, wrong, says] of [
  ['mean', { ...one, mu: Float64Array.of(0, NaN) }, /mu\[1\] is NaN/],
  ['NaN', { ...one, sigma: square(2, () => NaN) }, /sigma\[0, 0\] is NaN/],
  ['infinity', { ...one, sigma: square(2, (i, j) => (i && j ? Infinity : 0)) }, /sigma\[1, 1\] is Infinity/],
  ['unsymmetric', { ...one, sigma: square(2, (i, j) => (i > j ? 0.1 : 1)) }, /not symmetric/],
  [
    'negative',
    { ...one, sigma: square(2, (i, j) => (i === j ? -1 : 0)) },
    /eigenvalues are -1\.00 to -1\.00/,
  ],
  [
    'indefinite',
    { ...one, sigma: square(2, (i, j) => (i === j ? 1 : 2)) },
    /eigenvalues are -1\.00 to 3\.00/,
  ],
] as [string, FeatureStatistics, RegExp][]) {
  test(`what is no Gaussian is refused on either side: ${what}`, (t) => {
    const named = { ...wrong, name: 'wrong.npz' };
    for (const measure of [() => frechetDistance(one, named), () => frechetDistance(named, one)]) {
      const error = t.throws(measure, { code: 'DDPM_ERR_FID' });
      t.regex(error!.message, /wrong\.npz/);
      t.regex(error!.message, says);
    }
  });
}

test('what rounding to float32 leaves is no reason to refuse', (t) => {
  const n = 12;
  const rows = Array.from({ length: 4 }, (_, k) =>
    Float64Array.from({ length: n }, (_, i) => Math.sin(k * i + k)),
  );
  const sigma = square(n, (i, j) => Math.fround(rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)));
  const low = { name: 'low', mu: new Float64Array(n), sigma };
  t.true(Math.abs(frechetDistance(low, low)) < 1e-3);
});

test('the rank tells of fewer images than features', (t) => {
  const low = diagonal([0, 0, 0], [1, 0, 2]);
  t.deepEqual(inference.frechetDistance(low, diagonal([0, 0, 0], [1, 1, 1])).ranks, [2, 3]);
});
