import type { ModuleSpec } from '../../engine.js';
import { constantValues } from '../constants.js';
import { Graph, type Attr, type ConstantValue, type GraphNode, type Output } from '../graph/graph.js';
import { sameShape } from '../kernels/kernel.js';
import type { Port } from '../modulePlan.js';
import { BatchArithmetic } from './batchArithmetic.js';
import { freezeProgram, type FrozenProgram } from './freeze.js';

/** Primes that are no other size of a model, so that equal numbers mean the same thing in both traces. */
const SIZES = [1009, 1013] as const;

/**
 * One program for batches of any size, from two traces that differ in the size alone: a shape that differs between
 * them is computed from the batch at hand, all else is as it was traced.
 * @param specOf the module for a batch size; the batch is a dimension of the program's first input
 * @throws RangeError where more than shapes depends on the size; what `freezeProgram` throws
 */
export function freezeForAnyBatch(
  specOf: (batch: number) => ModuleSpec,
  program: string,
  values: Readonly<Record<string, Float32Array>>,
): FrozenProgram {
  const [a, b] = SIZES.map((size) => freezeProgram(specOf(size), program, values)) as [
    FrozenProgram,
    FrozenProgram,
  ];
  return new Merge(a, b).run();
}

class Merge {
  readonly #a: FrozenProgram;
  readonly #b: FrozenProgram;
  readonly #graph = new Graph();
  readonly #nodes = new Map<GraphNode, GraphNode>();
  /** The other trace's value of a constant that depends on the batch. */
  readonly #varying = new Map<GraphNode, ConstantValue>();
  #batch: BatchArithmetic | undefined;

  constructor(a: FrozenProgram, b: FrozenProgram) {
    this.#a = a;
    this.#b = b;
  }

  run(): FrozenProgram {
    const theirs = this.#b.graph.nodes;
    if (this.#a.graph.nodes.length !== theirs.length) refuse('its operations do');
    for (const [i, node] of this.#a.graph.nodes.entries()) this.#merge(node, theirs[i]!);
    return {
      graph: this.#graph,
      inputs: mergedPorts(this.#a.inputs, this.#b.inputs),
      outputs: mergedPorts(this.#a.outputs, this.#b.outputs),
    };
  }

  #merge(a: GraphNode, b: GraphNode): void {
    if (a.op !== b.op || a.name !== b.name)
      refuse(`${a.name} is ${a.op} in one trace and ${b.op} in another`);
    if (a.op === 'Const' && !sameConstant(tensorOf(a), tensorOf(b))) {
      this.#varying.set(a, tensorOf(b));
      return;
    }
    const attrs = mergedAttrs(a, b);
    const inputs = a.inputs.map((input, i) => this.#operand(a, i, input));
    const control = a.control.map((node) => this.#nodes.get(node)!);
    const node = this.#graph.addNode(a.op, inputs, attrs, { control, name: a.name });
    if (a.op === 'Placeholder') this.#batch ??= this.#batchOf(node, a, b);
    this.#nodes.set(a, node);
  }

  #operand(user: GraphNode, position: number, input: Output): Output {
    const other = this.#varying.get(input.node);
    if (!other) return { ...input, node: this.#nodes.get(input.node)! };
    const own = tensorOf(input.node);
    if (user.op === 'Reshape' && position === 1) {
      const shape = withOneUnknown(intsOf(own), intsOf(other));
      if (shape) return this.#graph.ints(shape);
    }
    const batch = this.#batch ?? refuse(`${input.node.name} does, and no input has a batch`);
    if (sameShape(own.shape, other.shape)) return batch.ints(intsOf(own), intsOf(other));
    return batch.filled(own, other);
  }

  #batchOf(placeholder: GraphNode, a: GraphNode, b: GraphNode): BatchArithmetic | undefined {
    const [shape, other] = [shapeOf(a), shapeOf(b)];
    const axis = shape.findIndex((dim, i) => dim === SIZES[0] && other[i] === SIZES[1]);
    if (axis < 0) return undefined;
    const dtype = (a.attrs['dtype'] as { type: Output['dtype'] }).type;
    return new BatchArithmetic(this.#graph, { node: placeholder, index: 0, shape, dtype }, axis, SIZES);
  }
}

function refuse(what: string): never {
  throw new RangeError(`this program cannot take batches of any size: ${what} with the size`);
}

function tensorOf({ attrs }: GraphNode): ConstantValue {
  return (attrs['value'] as { tensor: ConstantValue }).tensor;
}

function shapeOf({ attrs }: GraphNode): readonly number[] {
  return (attrs['shape'] as { shape: readonly number[] }).shape;
}

function intsOf(value: ConstantValue): number[] {
  if (value.dtype !== 'int32' || value.shape.length !== 1) {
    refuse(`a ${value.dtype} constant of [${value.shape.join()}] changes`);
  }
  return [...constantValues(value)];
}

function sameConstant(a: ConstantValue, b: ConstantValue): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape) && Buffer.compare(a.bytes, b.bytes) === 0;
}

/** A reshape finds one dimension by itself; undefined where more than one depends on the batch. */
function withOneUnknown(a: readonly number[], b: readonly number[]): number[] | undefined {
  const differ = a.filter((dim, i) => dim !== b[i]);
  return differ.length === 1 ? a.map((dim, i) => (dim === b[i] ? dim : -1)) : undefined;
}

/** Attributes are the same but for the shape of an input. */
function mergedAttrs(a: GraphNode, b: GraphNode): Record<string, Attr> {
  const merged = { ...a.attrs };
  if (a.op === 'Placeholder') merged['shape'] = { shape: unknownWhere(shapeOf(a), shapeOf(b)) };
  else if (a.op !== 'Const') {
    const differs = Object.keys(a.attrs).find(
      (k) => JSON.stringify(a.attrs[k]) !== JSON.stringify(b.attrs[k]),
    );
    if (differs !== undefined) refuse(`${differs} of ${a.name} changes`);
  }
  return merged;
}

function mergedPorts(a: readonly Port[], b: readonly Port[]): Port[] {
  return a.map((port, i) => ({ ...port, shape: unknownWhere(port.shape, b[i]!.shape) }));
}

function unknownWhere(a: readonly number[], b: readonly number[]): number[] {
  return a.map((dim, i) => (dim === b[i] ? dim : -1));
}
