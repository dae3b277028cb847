import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleSpec, ProgramSpec, TensorSpec } from '../engine.js';
import { copiedIfAliased } from './aliases.js';
import { encodeGraphDef } from './graph/graphDef.js';
import { Graph, tensorName, type GraphNode, type Output } from './graph/graph.js';
import { castTo, sameShape, type } from './kernels/kernel.js';
import { peakBytes } from '../placement/memory.js';
import { nodesOf } from './programNodes.js';
import type { CompiledModule, ModulePlan, Port, ProgramPlan } from './modulePlan.js';
import { GraphRandom } from './random.js';
import { record, type Tracer } from './record.js';
import type { Recording } from './recorder.js';
import { GraphVariables, type Variables } from './variables.js';

export type TraceOptions = Pick<Recording, 'precision' | 'native'>;

/**
 * Traces every program of a module into one graph with shared variables.
 *
 * @throws FleetError DDPM_ERR_ENGINE_OP, DDPM_ERR_ENGINE_TRACE_READ
 * @throws RangeError where a body names an input or variable that is not declared, or assigns another shape
 */
export function traceModule(spec: ModuleSpec, options: TraceOptions): CompiledModule {
  const { plan, graph } = recordModule(spec, options);
  const memoryOf = (program: string): number => peakBytes(nodesOf(plan.programs[program]!, graph));
  return { plan, graphDef: encodeGraphDef(graph), memoryOf };
}

/** A module as a graph that nobody runs yet. */
export function recordModule(spec: ModuleSpec, options: TraceOptions): { plan: ModulePlan; graph: Graph } {
  const graph = new Graph();
  const variables = new GraphVariables(graph, spec.variables);
  const programs: Record<string, ProgramPlan> = {};
  for (const name of Object.keys(spec.programs)) {
    programs[name] = graph.inScope(`program/${name}`, () =>
      traceProgram(spec, name, graph, variables, options),
    );
  }
  const plan = { programs, variables: variableList(spec), access: variables.access() };
  return { plan, graph };
}

/** Traces one program of a module, with variables of any kind. */
export function traceProgram(
  spec: ModuleSpec,
  name: string,
  graph: Graph,
  variables: Variables,
  options: TraceOptions,
): ProgramPlan {
  const recording = { graph, program: `${spec.name}/${name}`, ...options };
  const trace = (tracer: Tracer): ProgramPlan =>
    new ProgramTrace(graph, variables, tracer, recording.program).run(spec.programs[name]!);
  return record(recording, trace);
}

function variableList(spec: ModuleSpec): { name: string; shape: readonly number[] }[] {
  return Object.entries(spec.variables).map(([name, { shape }]) => ({ name, shape }));
}

/** One program being recorded: its placeholders, its reads and the order of reads and assigns. */
class ProgramTrace {
  readonly #graph: Graph;
  readonly #variables: Variables;
  readonly #tracer: Tracer;
  readonly #program: string;
  readonly #reads = new Map<string, Output>();

  constructor(graph: Graph, variables: Variables, tracer: Tracer, program: string) {
    this.#graph = graph;
    this.#variables = variables;
    this.#tracer = tracer;
    this.#program = program;
  }

  run(spec: ProgramSpec): ProgramPlan {
    const placeholders = Object.entries(spec.inputs).map(
      ([name, input]) => [name, this.#placeholder(name, input)] as const,
    );
    const inputs = new Map(placeholders);
    const result = spec.body({
      input: (name) => this.#input(inputs, name),
      read: (name) => this.#tracer.tensor(this.#read(name)),
      random: new GraphRandom(this.#graph, this.#tracer),
    });
    const outputs = Object.entries(result.outputs ?? {}).map(([name, tensor]) => this.#output(name, tensor));
    const assigns = Object.entries(result.assign ?? {}).map(([name, tensor]) => this.#assign(name, tensor));
    return {
      inputs: placeholders.map(([name, output]) => port(name, output)),
      outputs: outputs.map(([name, output]) => port(name, output)),
      ...(assigns.length > 0 ? { done: tensorName(this.#variables.after(assigns)) } : {}),
    };
  }

  #placeholder(name: string, { shape, dtype }: TensorSpec): Output {
    const attrs = { dtype: type(dtype), shape: { shape } } as const;
    return this.#graph.add('Placeholder', [], attrs, { shape, dtype }, { name: `input/${name}` });
  }

  /** Bytes are int32 to a body. */
  #input(inputs: ReadonlyMap<string, Output>, name: string): tf.Tensor {
    const placeholder = inputs.get(name);
    if (!placeholder) {
      const names = [...inputs.keys()].join(', ') || 'none';
      throw new RangeError(`${this.#program} has no input ${name}, only ${names}`);
    }
    const bytes = placeholder.dtype === 'uint8';
    return this.#tracer.tensor(bytes ? castTo(this.#graph, placeholder, 'int32') : placeholder);
  }

  /** One read a variable and program, whatever the number of calls: it is what an assign has to wait for. */
  #read(name: string): Output {
    this.#mustExist(name);
    const known = this.#reads.get(name);
    if (known) return known;
    const read = this.#variables.read(name);
    this.#reads.set(name, read);
    return read;
  }

  #output(name: string, tensor: tf.Tensor): [string, Output] {
    const value = this.#tracer.output(tensor);
    return [
      name,
      this.#graph.add('Identity', [value], { T: type(value.dtype) }, value, { name: `output/${name}` }),
    ];
  }

  /**
   * A read that is not ordered before the assign of its variable is a race. Its value may share the variable's
   * buffer, which stays as it is: an assign puts another buffer in its place.
   */
  #assign(name: string, tensor: tf.Tensor): GraphNode {
    this.#mustExist(name);
    const value = this.#tracer.output(tensor);
    const shape = this.#variables.shapeOf(name);
    if (!sameShape(value.shape, shape) || value.dtype !== 'float32') {
      const detail = `${this.#program} assigns ${value.dtype} [${value.shape.join()}] to ${name}, which is float32 [${shape.join()}]`;
      throw new RangeError(detail);
    }
    const read = this.#reads.get(name);
    return this.#variables.assign(name, copiedIfAliased(this.#graph, value), read ? [read.node] : []);
  }

  #mustExist(name: string): void {
    if (this.#variables.has(name)) return;
    throw new RangeError(`${this.#program} uses the variable ${name}, which the module does not declare`);
  }
}

function port(name: string, output: Output): Port {
  return { name, tensor: tensorName(output), shape: output.shape, dtype: output.dtype as Port['dtype'] };
}
