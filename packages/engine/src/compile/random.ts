import type * as tf from '@tensorflow/tfjs-core';
import { blocksPerImage } from '@ddpm-fleet/core';
import type { RandomAt, RandomOps } from '../engine.js';
import type { GraphDType } from './graph/dtype.js';
import { sizeOf, tensorName, type Graph, type Output } from './graph/graph.js';
import { reshaped, sameShape, type } from './kernels/kernel.js';
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
  /** Outputs by what they are computed from: most draws of a step share their counter. */
  readonly #shared = new Map<string, Output>();

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
    const blocks = blocksPerImage(sizeOf(shape.slice(1)));
    const address = [this.#key(at), this.#counter(at, blocks), this.#graph.ints(PHILOX)];
    return { drawn: [shape[0]!, blocks * 4], address };
  }

  /** The words (seed, purpose). They are joined as floats, whose kernels move bits: int32 is joined on the host. */
  #key({ seed, purpose }: RandomAt): Output {
    const graph = this.#graph;
    const words = this.#tracer.output(seed);
    const purposeBytes = new Uint8Array(Int32Array.of(purpose).buffer);
    const value = words.node.attrs['value'];
    if (words.node.op === 'Const' && value && 'tensor' in value) {
      const bytes = new Uint8Array([...value.tensor.bytes, ...purposeBytes]);
      return graph.constant({ dtype: 'uint64', shape: [1], bytes });
    }
    const halves = [
      this.#bitcast(reshaped(graph, words, [1]), 'float32', [1]),
      graph.constant({ dtype: 'float32', shape: [1], bytes: purposeBytes }),
    ];
    const attrs = { N: { int: 2 }, T: type('float32'), Tidx: type('int32') };
    const joined = graph.add('ConcatV2', [...halves, graph.ints(0)], attrs, { shape: [2], dtype: 'float32' });
    return this.#bitcast(reshaped(graph, joined, [1, 2]), 'uint64', [1]);
  }

  /** (position * blocks, stream) */
  #counter({ position, stream }: RandomAt, blocks: number): Output {
    const graph = this.#graph;
    const parts = [position, ...(stream ? [stream] : [])].map((part) => this.#tracer.output(part));
    const name = parts.map(tensorName).join();
    const address = this.#once(name, () => {
      const words = parts.map((part) => this.#bitcast(reshaped(graph, part, [2]), 'int64', []));
      const both = stream ? words : [...words, graph.scalar(0, 'int64')];
      const attrs = { N: { int: 2 }, T: type('int64'), axis: { int: 0 } };
      return graph.add('Pack', both, attrs, { shape: [2], dtype: 'int64' });
    });
    return this.#once(`${name} ${blocks}`, () => {
      const bytes = new Uint8Array(BigInt64Array.of(BigInt(blocks), 1n).buffer);
      const factors = graph.constant({ dtype: 'int64', shape: [2], bytes });
      const product = graph.add('Mul', [address, factors], { T: type('int64') }, address);
      return this.#bitcast(product, 'uint64', [2]);
    });
  }

  #once(key: string, make: () => Output): Output {
    const known = this.#shared.get(key) ?? make();
    this.#shared.set(key, known);
    return known;
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

  #bitcast(x: Output, dtype: GraphDType, shape: readonly number[]): Output {
    return this.#graph.add('Bitcast', [x], { T: type(x.dtype), type: type(dtype) }, { shape, dtype });
  }
}
