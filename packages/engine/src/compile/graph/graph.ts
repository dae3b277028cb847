import type { GraphDType } from './dtype.js';

/** A tensor of the graph: an output of a node. */
export interface Output {
  readonly node: GraphNode;
  readonly index: number;
  readonly shape: readonly number[];
  readonly dtype: GraphDType;
}

/** `AttrValue` of tensorflow/core/framework/attr_value.proto, as far as graphs here use it. */
export type Attr =
  | { readonly type: GraphDType }
  | { readonly shape: readonly number[] | 'unknown' }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly tensor: ConstantValue };

export interface ConstantValue {
  readonly dtype: GraphDType;
  readonly shape: readonly number[];
  /** Little-endian elements; a single one stands for a tensor that is filled with it. */
  readonly bytes: Uint8Array;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Output[];
  /** Nodes that must have run before this one. */
  readonly control: readonly GraphNode[];
  readonly attrs: Readonly<Record<string, Attr>>;
  readonly outputs: readonly OutputType[];
}

/** What a node may be given beside its inputs. */
export interface NodeOptions {
  /** Nodes that must have run before it. */
  readonly control?: readonly GraphNode[];
  readonly name?: string;
}

export interface OutputType {
  readonly shape: readonly number[];
  readonly dtype: GraphDType;
}

/** An append-only list of nodes; names are unique and inputs precede their users. */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly #constants = new Map<string, Output>();
  readonly #names = new Set<string>();
  #scope = '';

  /** Nodes that `body` adds are named `scope/...`; constants are shared within a scope only. */
  inScope<T>(scope: string, body: () => T): T {
    const outer = this.#scope;
    this.#scope = `${scope}/`;
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }

  /** Adds a node of one output. */
  add(
    op: string,
    inputs: readonly Output[],
    attrs: Readonly<Record<string, Attr>>,
    out: OutputType,
    options: NodeOptions = {},
  ): Output {
    return this.addMany(op, inputs, attrs, [out], options)[0]!;
  }

  /** Adds a node of several outputs. */
  addMany(
    op: string,
    inputs: readonly Output[],
    attrs: Readonly<Record<string, Attr>>,
    outs: readonly OutputType[],
    options: NodeOptions = {},
  ): Output[] {
    const node = this.#append(op, inputs, attrs, outs, options);
    return outs.map(({ shape, dtype }, index) => ({ node, index, shape, dtype }));
  }

  /** Adds a node whose outputs, if any, are not used as tensors. */
  addNode(
    op: string,
    inputs: readonly Output[],
    attrs: Readonly<Record<string, Attr>>,
    options: NodeOptions = {},
  ): GraphNode {
    return this.#append(op, inputs, attrs, [], options);
  }

  #append(
    op: string,
    inputs: readonly Output[],
    attrs: Readonly<Record<string, Attr>>,
    outs: readonly OutputType[],
    { control = [], name }: NodeOptions,
  ): GraphNode {
    const node: GraphNode = {
      name: this.#uniqueName(name ?? `${op}_${numberOf(this.nodes.length)}`),
      ...{ op, inputs, control, attrs },
      outputs: outs.map(({ shape, dtype }) => ({ shape, dtype })),
    };
    this.nodes.push(node);
    return node;
  }

  constant(value: ConstantValue): Output {
    const key = `${this.#scope} ${value.dtype} ${value.shape.join()} ${Buffer.from(value.bytes).toString('latin1')}`;
    const known = value.bytes.length <= 64 ? this.#constants.get(key) : undefined;
    if (known) return known;
    const attrs = { dtype: { type: value.dtype }, value: { tensor: value } };
    const out = this.add('Const', [], attrs, value);
    if (value.bytes.length <= 64) this.#constants.set(key, out);
    return out;
  }

  /** An int32 constant: shapes, axes, sizes. */
  ints(values: readonly number[] | number): Output {
    const list = typeof values === 'number' ? [values] : values;
    const bytes = new Uint8Array(Int32Array.from(list).buffer);
    return this.constant({ dtype: 'int32', shape: typeof values === 'number' ? [] : [list.length], bytes });
  }

  scalar(value: number, dtype: TensorScalar = 'float32'): Output {
    return this.constant({ dtype, shape: [], bytes: scalarBytes(value, dtype) });
  }

  #uniqueName(wanted: string): string {
    const base = (this.#scope + wanted).replace(/[^A-Za-z0-9_.\\/-]/g, '_');
    let name = base;
    for (let n = 1; this.#names.has(name); n++) name = `${base}_${n}`;
    this.#names.add(name);
    return name;
  }
}

/**
 * TensorFlow's optimiser sorts the operands of a sum by their names, and float32 sums depend on the order. Numbers of one
 * length sort as they were given, wherever in a graph the sum stands; with 99 and 100 an unrelated node before it would
 * change its bits.
 */
function numberOf(node: number): string {
  return String(node).padStart(6, '0');
}

export type TensorScalar = 'float32' | 'int32' | 'int64' | 'bool';

function scalarBytes(value: number, dtype: TensorScalar): Uint8Array {
  switch (dtype) {
    case 'float32':
      return new Uint8Array(Float32Array.of(value).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.of(value).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
    case 'bool':
      return Uint8Array.of(value ? 1 : 0);
  }
}

/** The name by which a session is asked for a tensor. */
export function tensorName(output: Output): string {
  return `${output.node.name}:${output.index}`;
}

/** What a node's definition calls its inputs: an index of 0 is left out. */
export function inputNames({ inputs, control }: GraphNode): string[] {
  const data = inputs.map((input) => (input.index === 0 ? input.node.name : tensorName(input)));
  return [...data, ...control.map(({ name }) => `^${name}`)];
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
