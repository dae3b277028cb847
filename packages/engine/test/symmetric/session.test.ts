import test from 'ava';
import { openEngine, openSymmetricAlgebra } from '../../src/index.js';
import { openCompiled } from '../compile/engines.js';

const N = 37;

/** Symmetric, with entries that float32 cannot hold. */
const matrix = Float64Array.from({ length: N * N }, (_, k) => {
  const [i, j] = [Math.floor(k / N), k % N];
  return Math.sin(i * j + i + j) / 3 + (i === j ? 1e-12 * i : 0);
});

const entry = (values: Float64Array, i: number, j: number): number => values[i * N + j]!;

test.serial('eigenvectors are orthonormal and give the matrix back, to float64', async (t) => {
  const algebra = openSymmetricAlgebra(await openCompiled(), N)!;
  const { values, vectors } = algebra.eigen(matrix);
  t.deepEqual(values, values.toSorted());
  let [error, skew] = [0, 0];
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      let [product, inner] = [0, 0];
      for (let k = 0; k < N; k++) {
        product += entry(vectors, i, k) * values[k]! * entry(vectors, j, k);
        inner += entry(vectors, k, i) * entry(vectors, k, j);
      }
      error = Math.max(error, Math.abs(product - entry(matrix, i, j)));
      skew = Math.max(skew, Math.abs(inner - (i === j ? 1 : 0)));
    }
  }
  t.true(error < 1e-13 && skew < 1e-13, `${error} ${skew}`);
  const alone = algebra.eigenvalues(matrix);
  t.true(alone.every((value, i) => Math.abs(value - values[i]!) < 1e-13));
  const turned = algebra.congruence(matrix, vectors);
  const off = turned.map((value, k) => (k % (N + 1) ? value : value - values[k / (N + 1)]!));
  t.true(off.every((value) => Math.abs(value) < 1e-13));
  algebra.dispose();
});

test.serial('an engine that is not TensorFlow has none', async (t) => {
  const engine = await openEngine({ kind: 'wasm', compiled: false, precision: 'float32', threads: 1 });
  t.is(openSymmetricAlgebra(engine, N), undefined);
});
