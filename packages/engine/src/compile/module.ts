import { fleetError } from '@ddpm-fleet/core';
import type { HostArray, Module } from '../engine.js';
import { sizeOf } from './graph/graph.js';
import type { CompiledModule, ModulePlan, Port, ProgramPlan } from './modulePlan.js';
import { encodeSavedModel } from './graph/savedModel.js';
import { withSavedModel } from './directory.js';
import { Session, type Feed, type TensorFlowBinding } from './session.js';

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array };

/** A module whose programs are parts of one session's graph: each run is one session call. */
export class SessionModule implements Module {
  readonly #name: string;
  readonly #plan: ModulePlan;
  readonly #memoryOf: CompiledModule['memoryOf'];
  readonly #session: Session;
  readonly #variables: ReadonlyMap<string, { index: number; size: number }>;
  readonly #onDispose: () => void;
  #closed = false;

  /** @param onDispose called once, when the session is closed */
  constructor(binding: TensorFlowBinding, name: string, compiled: CompiledModule, onDispose: () => void) {
    this.#name = name;
    this.#onDispose = onDispose;
    this.#plan = compiled.plan;
    this.#memoryOf = compiled.memoryOf;
    this.#session = withSavedModel(
      encodeSavedModel(compiled.graphDef),
      (directory) => new Session(binding, directory),
    );
    const entries = compiled.plan.variables.map(({ name: variable, shape }, index) => {
      return [variable, { index, size: sizeOf(shape) }] as const;
    });
    this.#variables = new Map(entries);
    this.#session.run([], [compiled.plan.access.initialised]);
  }

  /** Bytes of the variables on the device. */
  get numBytes(): number {
    return [...this.#variables.values()].reduce((sum, { size }) => sum + 4 * size, 0);
  }

  run(program: string, inputs: Readonly<Record<string, HostArray>> = {}): Record<string, HostArray> {
    const plan = this.#programPlan(program);
    const fetches = plan.outputs.map(({ tensor }) => tensor);
    if (plan.done) fetches.push(plan.done);
    if (fetches.length === 0) return {};
    const values = this.#call(program, this.#feeds(program, plan, inputs), fetches);
    return Object.fromEntries(plan.outputs.map(({ name }, i) => [name, values[i]!]));
  }

  /** @throws DDPM_ERR_ENGINE_MEMORY where the device has too little for the program */
  #call(program: string, feeds: Feed[], fetches: readonly string[]): HostArray[] {
    try {
      return this.#session.run(feeds, fetches);
    } catch (cause) {
      const { message } = cause as Error;
      if (!/\bOOM\b|out of memory|RESOURCE_?EXHAUSTED|failed to allocate/i.test(message)) throw cause;
      const gib = (this.#memoryOf(program) + this.numBytes) / 2 ** 30;
      const facts = { program: `${this.#name}/${program}`, needs: `${gib.toFixed(1)} GiB` };
      const detail = message.split('\n')[0]!.slice(0, 200);
      throw fleetError('DDPM_ERR_ENGINE_MEMORY', { ...facts, detail }, { cause });
    }
  }

  readVariable(name: string): Float32Array {
    const { index } = this.#variable(name);
    const { access } = this.#plan;
    const feed = { tensor: access.index, shape: [], values: Int32Array.of(index) };
    return this.#session.run([feed], [access.read])[0] as Float32Array;
  }

  writeVariable(name: string, values: Float32Array): void {
    const { index, size } = this.#variable(name);
    if (!(values instanceof Float32Array) || values.length !== size) {
      const detail = `${this.#name}: ${name} takes ${size} float32 values, not ${values.length}`;
      throw new RangeError(detail);
    }
    const { access } = this.#plan;
    const { shape } = this.#plan.variables[index]!;
    const feeds = [
      { tensor: access.index, shape: [], values: Int32Array.of(index) },
      { tensor: access.value, shape, values },
    ];
    this.#session.run(feeds, [access.written]);
  }

  dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.close();
    this.#onDispose();
  }

  #programPlan(program: string): ProgramPlan {
    this.#mustBeOpen();
    const plan = this.#plan.programs[program];
    if (plan) return plan;
    const detail = `the module has no such program, only ${Object.keys(this.#plan.programs).join(', ')}`;
    throw new RangeError(`${this.#name}/${program}: ${detail}`);
  }

  #variable(name: string): { index: number; size: number } {
    this.#mustBeOpen();
    const variable = this.#variables.get(name);
    if (variable) return variable;
    throw new RangeError(`${this.#name} declares no variable ${name}`);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Error(`the module ${this.#name} was disposed of`);
  }

  #feeds(program: string, plan: ProgramPlan, inputs: Readonly<Record<string, HostArray>>): Feed[] {
    const extra = Object.keys(inputs).find((name) => !plan.inputs.some((input) => input.name === name));
    const wrong = extra === undefined ? wrongInput(plan.inputs, inputs) : `it has no input ${extra}`;
    if (wrong) throw new RangeError(`${this.#name}/${program}: ${wrong}`);
    return plan.inputs.map(({ name, tensor, shape }) => ({ tensor, shape, values: inputs[name]! }));
  }
}

function wrongInput(ports: readonly Port[], inputs: Readonly<Record<string, HostArray>>): string | undefined {
  for (const { name, shape, dtype } of ports) {
    const values = inputs[name];
    if (!values) return `its input ${name} is missing`;
    const size = sizeOf(shape);
    if (!(values instanceof ARRAYS[dtype]) || values.length !== size) {
      return `its input ${name} is ${dtype} [${shape.join()}] (${size} values), but ${values.constructor.name} of ${values.length} was given`;
    }
  }
  return undefined;
}
