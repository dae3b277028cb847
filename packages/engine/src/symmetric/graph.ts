import { Graph, tensorName, type Output } from '../compile/graph/graph.js';
import { type } from '../compile/kernels/kernel.js';

/** Names of the tensors of `symmetricGraph`. */
export interface SymmetricTensors {
  readonly matrix: string;
  readonly by: string;
  readonly eigenvalues: string;
  readonly eigen: { readonly values: string; readonly vectors: string };
  readonly congruence: string;
}

/**
 * TensorFlow's own symmetric eigendecomposition and matrix product in float64. The addon moves no float64: values go in
 * as their bytes, uint8 [size, size, 8], and come out as pairs of int32.
 */
export function symmetricGraph(size: number): { graph: Graph; tensors: SymmetricTensors } {
  const graph = new Graph();
  const matrix = bytesIn(graph, size);
  const by = bytesIn(graph, size);
  const eigenvalues = eigen(graph, matrix.doubles, false);
  const whole = eigen(graph, matrix.doubles, true);
  const right = product(graph, matrix.doubles, by.doubles, false);
  const tensors = {
    matrix: tensorName(matrix.bytes),
    by: tensorName(by.bytes),
    eigenvalues: pairsOut(graph, eigenvalues.values),
    eigen: { values: pairsOut(graph, whole.values), vectors: pairsOut(graph, whole.vectors) },
    congruence: pairsOut(graph, product(graph, by.doubles, right, true)),
  };
  return { graph, tensors };
}

function bytesIn(graph: Graph, size: number): { bytes: Output; doubles: Output } {
  const shape = [size, size, 8];
  const bytes = graph.add(
    'Placeholder',
    [],
    { dtype: type('uint8'), shape: { shape } },
    { shape, dtype: 'uint8' },
  );
  const attrs = { T: type('uint8'), type: type('float64') };
  return { bytes, doubles: graph.add('Bitcast', [bytes], attrs, { shape: [size, size], dtype: 'float64' }) };
}

function pairsOut(graph: Graph, doubles: Output): string {
  const attrs = { T: type('float64'), type: type('int32') };
  return tensorName(graph.add('Bitcast', [doubles], attrs, { shape: [...doubles.shape, 2], dtype: 'int32' }));
}

function eigen(graph: Graph, matrix: Output, vectors: boolean): { values: Output; vectors: Output } {
  const { shape, dtype } = matrix;
  const attrs = { T: type(dtype), compute_v: { bool: vectors } };
  const outs = [
    { shape: shape.slice(1), dtype },
    { shape, dtype },
  ];
  const [values, columns] = graph.addMany('SelfAdjointEigV2', [matrix], attrs, outs);
  return { values: values!, vectors: columns! };
}

function product(graph: Graph, a: Output, b: Output, transposeA: boolean): Output {
  const attrs = { T: type(a.dtype), transpose_a: { bool: transposeA }, transpose_b: { bool: false } };
  return graph.add('MatMul', [a, b], attrs, a);
}
