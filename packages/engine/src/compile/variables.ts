import type { ModuleSpec } from '../engine.js';
import type { VariableAccess } from './modulePlan.js';
import { tensorName, type Attr, type Graph, type GraphNode, type Output } from './graph/graph.js';
import { type } from './kernels/kernel.js';

/** Where a program's reads and assigns go. */
export interface Variables {
  has(name: string): boolean;
  shapeOf(name: string): readonly number[];
  read(name: string): Output;
  /** @param control nodes that must have run before the variable changes */
  assign(name: string, value: Output, control: readonly GraphNode[]): GraphNode;
  /** A tensor that exists once `nodes` have run. */
  after(nodes: readonly GraphNode[]): Output;
}

/** The device variables of a module: handles, and the programs that read, write and clear one of them by number. */
export class GraphVariables implements Variables {
  readonly #graph: Graph;
  readonly #handles = new Map<string, { handle: Output; shape: readonly number[] }>();

  constructor(graph: Graph, variables: ModuleSpec['variables']) {
    this.#graph = graph;
    for (const [name, { shape }] of Object.entries(variables)) {
      const attrs = { dtype: type('float32'), shape: { shape }, shared_name: { string: name } } as const;
      const handle = graph.inScope('variable', () =>
        graph.add('VarHandleOp', [], attrs, { shape: [], dtype: 'resource' }, { name }),
      );
      this.#handles.set(name, { handle, shape });
    }
  }

  has(name: string): boolean {
    return this.#handles.has(name);
  }

  shapeOf(name: string): readonly number[] {
    return this.#handles.get(name)!.shape;
  }

  read(name: string, control: readonly GraphNode[] = []): Output {
    const { handle, shape } = this.#handles.get(name)!;
    const out = { shape, dtype: 'float32' } as const;
    return this.#graph.add('ReadVariableOp', [handle], { dtype: type('float32') }, out, { control });
  }

  assign(name: string, value: Output, control: readonly GraphNode[]): GraphNode {
    const { handle } = this.#handles.get(name)!;
    return this.#graph.addNode('AssignVariableOp', [handle, value], { dtype: type('float32') }, { control });
  }

  after(nodes: readonly GraphNode[]): Output {
    return this.#graph.add('Identity', [this.#graph.ints(0)], { T: type('int32') }, INT, {
      control: nodes,
      name: 'done',
    });
  }

  /**
   * A session builds an executor for each set of tensors it is asked for, so that a fetch for every variable would
   * cost one each. Instead a number selects which one of all reads (or writes) is alive, and a Merge takes that one.
   */
  access(): VariableAccess {
    return this.#graph.inScope('access', () => {
      const graph = this.#graph;
      const index = this.#placeholder('index', 'int32', []);
      const value = this.#placeholder('value', 'float32', 'unknown');
      const own = graph.add('DeepCopy', [value], { T: type('float32') }, value);
      const reads: Output[] = [];
      const writes: Output[] = [];
      [...this.#handles.keys()].forEach((name, i) => {
        const chosen = this.#gate(index, i);
        reads.push(this.read(name, [chosen.node]));
        const write = this.assign(name, own, [chosen.node]);
        writes.push(graph.add('Identity', [chosen], { T: type('bool') }, BOOL, { control: [write] }));
      });
      const read = this.#merge(reads, 'float32');
      const written = this.#merge(writes, 'bool');
      const initialised = tensorName(this.after(this.#zeroAll()));
      return { index: tensorName(index), value: tensorName(value), read, written, initialised };
    });
  }

  /** A tensor that is alive only when `index` is `i`. */
  #gate(index: Output, i: number): Output {
    const graph = this.#graph;
    const equal = graph.add('Equal', [index, graph.ints(i)], { T: type('int32') }, BOOL);
    const live = graph.addMany('Switch', [equal, equal], { T: type('bool') }, [BOOL, BOOL])[1]!;
    return graph.add('Identity', [live], { T: type('bool') }, BOOL);
  }

  #merge(outputs: readonly Output[], dtype: 'float32' | 'bool'): string {
    if (outputs.length === 0) return '';
    const attrs = { N: { int: outputs.length }, T: type(dtype) };
    return tensorName(this.#graph.add('Merge', outputs, attrs, { shape: [], dtype }));
  }

  #zeroAll(): GraphNode[] {
    const graph = this.#graph;
    return [...this.#handles].map(([name, { shape }]) => {
      const attrs = { T: type('float32'), index_type: type('int32') };
      const zeros = graph.add('Fill', [graph.ints(shape), graph.scalar(0)], attrs, {
        shape,
        dtype: 'float32',
      });
      return this.assign(name, zeros, []);
    });
  }

  #placeholder(name: string, dtype: 'int32' | 'float32', shape: readonly number[] | 'unknown'): Output {
    const attrs: Record<string, Attr> = { dtype: type(dtype), shape: { shape } };
    return this.#graph.add(
      'Placeholder',
      [],
      attrs,
      { shape: shape === 'unknown' ? [] : shape, dtype },
      { name },
    );
  }
}

const INT = { shape: [], dtype: 'int32' } as const;
const BOOL = { shape: [], dtype: 'bool' } as const;
