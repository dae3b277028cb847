import type * as tf from '@tensorflow/tfjs-core';
import { blocksPerImage } from '@ddpm-fleet/core';
import type { RandomAt, RandomOps } from '../engine.js';
import { sizeOf, type Graph, type Output } from './graph/graph.js';
import { castTo, reshaped, sameShape, type } from './kernels/kernel.js';
import type { Tracer } from './record.js';

/** TensorFlow's number for Philox4x32-10. */
const PHILOX = 1;

/**
 * Addressed draws as TensorFlow's stateless operations. Their key is the uint64 whose words are (seed, purpose), their
 * counter two uint64: position * blocksPerImage, and the stream.
 */
export class GraphRandom implements RandomOps {
  readonly #graph: Graph;
  readonly #tracer: Tracer;

  constructor(graph: Graph, tracer: Tracer) {
    this.#graph = graph;
    this.#tracer = tracer;
  }

  uniform(at: RandomAt, shape: readonly number[]): tf.Tensor {
    return this.#draw('StatelessRandomUniformV2', at, shape);
  }

  normal(at: RandomAt, shape: readonly number[]): tf.Tensor {
    return this.#draw('StatelessRandomNormalV2', at, shape);
  }

  int(at: RandomAt, shape: readonly number[], maxExclusive: number): tf.Tensor {
    const graph = this.#graph;
    const { drawn, address } = this.#address(at, shape);
    const operands = [graph.ints(drawn), ...address, graph.ints(0), graph.ints(maxExclusive)];
    const attrs = { dtype: type('int32'), Tshape: type('int32') };
    const out = graph.add('StatelessRandomUniformIntV2', operands, attrs, { shape: drawn, dtype: 'int32' });
    return this.#tracer.tensor(this.#cut(out, shape));
  }

  #draw(op: string, at: RandomAt, shape: readonly number[]): tf.Tensor {
    const { drawn, address } = this.#address(at, shape);
    const attrs = { dtype: type('float32'), Tshape: type('int32') };
    const operands = [this.#graph.ints(drawn), ...address];
    const out = this.#graph.add(op, operands, attrs, { shape: drawn, dtype: 'float32' });
    return this.#tracer.tensor(this.#cut(out, shape));
  }

  /** Key, counter and algorithm, and the shape to draw: whole blocks an image. */
  #address(at: RandomAt, shape: readonly number[]): { drawn: number[]; address: Output[] } {
    const graph = this.#graph;
    const blocks = blocksPerImage(sizeOf(shape.slice(1)));
    const seed = reshaped(graph, this.#tracer.output(at.seed), [1]);
    const key = this.#bitcast(
      reshaped(graph, this.#join([seed, graph.ints([at.purpose])]), [1, 2]),
      'uint64',
      [1],
    );
    const position = this.#bitcast(reshaped(graph, this.#tracer.output(at.position), [2]), 'int64', []);
    const low = this.#bitcast(this.#times(position, blocks), 'int32', [2]);
    const high = at.stream ? reshaped(graph, this.#tracer.output(at.stream), [2]) : graph.ints([0, 0]);
    const counter = this.#bitcast(reshaped(graph, this.#join([low, high]), [2, 2]), 'uint64', [2]);
    return { drawn: [shape[0]!, blocks * 4], address: [key, counter, graph.ints(PHILOX)] };
  }

  /** Drops the padding of each image's last block. */
  #cut(drawn: Output, shape: readonly number[]): Output {
    const graph = this.#graph;
    const rows = [shape[0]!, sizeOf(shape.slice(1))];
    if (sameShape(drawn.shape, rows)) return reshaped(graph, drawn, shape);
    const attrs = { T: type(drawn.dtype), Index: type('int32') };
    const operands = [drawn, graph.ints([0, 0]), graph.ints(rows)];
    return reshaped(graph, graph.add('Slice', operands, attrs, { shape: rows, dtype: drawn.dtype }), shape);
  }

  #times(x: Output, factor: number): Output {
    return this.#graph.add('Mul', [x, this.#graph.scalar(factor, 'int64')], { T: type('int64') }, x);
  }

  #join(parts: readonly Output[]): Output {
    const graph = this.#graph;
    const words = parts.map((part) => castTo(graph, part, 'int32'));
    const attrs = { N: { int: parts.length }, T: type('int32'), Tidx: type('int32') };
    const length = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
    return graph.add('ConcatV2', [...words, graph.ints(0)], attrs, { shape: [length], dtype: 'int32' });
  }

  #bitcast(x: Output, dtype: 'int32' | 'int64' | 'uint64', shape: readonly number[]): Output {
    return this.#graph.add('Bitcast', [x], { T: type(x.dtype), type: type(dtype) }, { shape, dtype });
  }
}
