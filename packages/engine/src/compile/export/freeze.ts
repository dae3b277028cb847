import type { ModuleSpec } from '../../engine.js';
import { toConstant } from '../constants.js';
import { Graph, sizeOf, type Output } from '../graph/graph.js';
import type { Port } from '../modulePlan.js';
import { traceProgram } from '../trace.js';
import type { Variables } from '../variables.js';

/** One program as a graph of its own: its variables are constants, and every operation is TensorFlow's. */
export interface FrozenProgram {
  readonly graph: Graph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * Traces one program with the values that its variables shall have for good. It needs no engine.
 * @throws RangeError where the program assigns variables, or a value is missing or of another size
 */
export function freezeProgram(
  spec: ModuleSpec,
  program: string,
  values: Readonly<Record<string, Float32Array>>,
): FrozenProgram {
  if (!spec.programs[program]) throw new RangeError(`${spec.name} has no program ${program}`);
  const graph = new Graph();
  const options = { precision: 'float32', native: false } as const;
  const { inputs, outputs } = traceProgram(
    spec,
    program,
    graph,
    new FrozenVariables(graph, spec, values),
    options,
  );
  return { graph, inputs, outputs };
}

/** Variables that are constants of the graph. */
class FrozenVariables implements Variables {
  readonly #graph: Graph;
  readonly #spec: ModuleSpec;
  readonly #values: Readonly<Record<string, Float32Array>>;

  constructor(graph: Graph, spec: ModuleSpec, values: Readonly<Record<string, Float32Array>>) {
    this.#graph = graph;
    this.#spec = spec;
    this.#values = values;
  }

  has(name: string): boolean {
    return name in this.#spec.variables;
  }

  shapeOf(name: string): readonly number[] {
    return this.#spec.variables[name]!.shape;
  }

  read(name: string): Output {
    const shape = this.shapeOf(name);
    const values = this.#values[name];
    if (values?.length !== sizeOf(shape)) {
      throw new RangeError(`${name} is [${shape.join()}], but ${values?.length ?? 'no'} values were given`);
    }
    return this.#graph.constant(toConstant(values, shape, 'float32'));
  }

  assign(name: string): never {
    throw new RangeError(`a program that assigns ${name} cannot be exported`);
  }

  after(): never {
    throw new RangeError('a program that assigns variables cannot be exported');
  }
}
