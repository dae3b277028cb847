import type { ConstantValue, Graph, Output } from '../graph/graph.js';
import { type } from '../kernels/kernel.js';

const INT = type('int32');

/** Shapes as functions of the batch size, known from their values at two sizes and computed in the graph. */
export class BatchArithmetic {
  readonly #graph: Graph;
  readonly #size: Output;
  readonly #at: readonly [number, number];
  readonly #known = new Map<string, Output>();

  /** @param input of the program, whose dimension `axis` is the batch; @param at the two sizes */
  constructor(graph: Graph, input: Output, axis: number, at: readonly [number, number]) {
    this.#graph = graph;
    this.#at = at;
    const out = { shape: [input.shape.length], dtype: 'int32' } as const;
    const shape = graph.add('Shape', [input], { T: type(input.dtype), out_type: INT }, out);
    const range = [graph.ints([axis]), graph.ints([axis + 1]), graph.ints([1])];
    const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];
    const attrs = { T: INT, Index: INT, ...Object.fromEntries(masks.map((mask) => [mask, { int: 0 }])) };
    this.#size = graph.add('StridedSlice', [shape, ...range], attrs, { shape: [1], dtype: 'int32' });
  }

  /** The integers that are `a` at the one size and `b` at the other, and linear between. @throws RangeError */
  ints(a: readonly number[], b: readonly number[]): Output {
    const key = `${a.join()} ${b.join()}`;
    const known = this.#known.get(key);
    if (known) return known;
    const [from, to] = this.#at;
    const slopes = a.map((value, i) => (b[i]! - value) / (to - from));
    const offsets = a.map((value, i) => value - slopes[i]! * from);
    if (!slopes.every(Number.isInteger))
      throw new RangeError(`[${a.join()}] is not linear in the batch size`);
    const out = { shape: [a.length], dtype: 'int32' } as const;
    const scaled = this.#graph.add('Mul', [this.#size, this.#graph.ints(slopes)], { T: INT }, out);
    const ints = offsets.some((offset) => offset !== 0)
      ? this.#graph.add('AddV2', [scaled, this.#graph.ints(offsets)], { T: INT }, out)
      : scaled;
    this.#known.set(key, ints);
    return ints;
  }

  /** A tensor of one value throughout whose shape depends on the batch. @throws RangeError for any other tensor */
  filled(a: ConstantValue, b: ConstantValue): Output {
    const isOneValue = Buffer.compare(a.bytes, b.bytes) === 0;
    if (!isOneValue || a.dtype !== b.dtype) {
      throw new RangeError(
        `this program holds a constant of [${a.shape.join()}] that changes with the batch size`,
      );
    }
    const value = this.#graph.constant({ dtype: a.dtype, shape: [], bytes: a.bytes });
    const dims = this.ints(a.shape, b.shape);
    return this.#graph.add('Fill', [dims, value], { T: type(a.dtype), index_type: INT }, a);
  }
}
