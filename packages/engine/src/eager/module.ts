import type * as tf from '@tensorflow/tfjs-core';
import type { HostArray, Module, ModuleSpec, ProgramResult, TensorSpec } from '../engine.js';
import { eagerRandom } from '../random/eager.js';

type Tf = typeof tf;

/** Runs the programs' bodies op by op, each time. Variables are tensors kept between calls. */
export class EagerModule implements Module {
  readonly #tf: Tf;
  readonly #spec: ModuleSpec;
  readonly #enter: () => void;
  readonly #variables = new Map<string, tf.Tensor>();

  /** @param enter makes the backend that the module lives on the current one */
  constructor(tfjs: Tf, spec: ModuleSpec, enter: () => void) {
    this.#tf = tfjs;
    this.#spec = spec;
    this.#enter = enter;
    enter();
    for (const [name, { shape }] of Object.entries(spec.variables)) {
      this.#variables.set(name, tfjs.keep(tfjs.zeros([...shape])));
    }
  }

  run(program: string, inputs: Readonly<Record<string, HostArray>> = {}): Record<string, HostArray> {
    this.#enter();
    const outputs: Record<string, HostArray> = {};
    const assigned = this.#tf.tidy(() => {
      const result = this.#call(program, inputs);
      for (const [name, tensor] of Object.entries(result.outputs ?? {})) outputs[name] = readBack(tensor);
      return this.#checkAssigned(program, result);
    });
    for (const [name, tensor] of Object.entries(assigned)) this.#replace(name, tensor);
    return outputs;
  }

  readVariable(name: string): Float32Array {
    this.#enter();
    return readBack(this.#variable(name)) as Float32Array;
  }

  writeVariable(name: string, values: Float32Array): void {
    this.#enter();
    const { size, shape } = this.#variable(name);
    if (values.length !== size) {
      throw new RangeError(`${this.#spec.name}: variable ${name} has ${size} elements, not ${values.length}`);
    }
    // Backends may upload late: the caller's array must not be the one they keep.
    this.#replace(name, this.#tf.tensor(values.slice(), shape, 'float32'));
  }

  dispose(): void {
    this.#enter();
    for (const tensor of this.#variables.values()) tensor.dispose();
    this.#variables.clear();
  }

  #call(program: string, inputs: Readonly<Record<string, HostArray>>): ProgramResult {
    const spec = this.#spec.programs[program];
    if (!spec) throw new RangeError(`${this.#spec.name}: there is no program ${program}`);
    const given = new Map<string, tf.Tensor>();
    for (const [name, tensorSpec] of Object.entries(spec.inputs)) {
      given.set(name, this.#upload(`${program}: input ${name}`, tensorSpec, inputs[name]));
    }
    const input = (name: string): tf.Tensor => {
      const tensor = given.get(name);
      if (!tensor) throw new RangeError(`${this.#spec.name}: ${program} declares no input ${name}`);
      return tensor;
    };
    return spec.body({ input, read: (name) => this.#variable(name), random: eagerRandom(this.#tf) });
  }

  #upload(what: string, { shape, dtype }: TensorSpec, values: HostArray | undefined): tf.Tensor {
    const size = this.#tf.util.sizeFromShape([...shape]);
    if (!values || values.length !== size || !isOf(dtype, values)) {
      const given = values ? `a ${values.constructor.name} of ${values.length}` : 'missing';
      throw new RangeError(`${this.#spec.name}: ${what} is ${dtype} [${shape.join(', ')}], but was ${given}`);
    }
    const elements = dtype === 'uint8' ? Int32Array.from(values) : values;
    return this.#tf.tensor(elements, [...shape], dtype === 'float32' ? 'float32' : 'int32');
  }

  /** Clones: a new value may be a variable's old one, or an input. */
  #checkAssigned(program: string, { assign = {} }: ProgramResult): Record<string, tf.Tensor> {
    const clones: Record<string, tf.Tensor> = {};
    for (const [name, tensor] of Object.entries(assign)) {
      const { shape } = this.#variable(name);
      if (tensor.dtype !== 'float32' || tensor.shape.join() !== shape.join()) {
        const got = `${tensor.dtype} [${tensor.shape.join(', ')}]`;
        throw new RangeError(
          `${this.#spec.name}: ${program} assigns ${got} to ${name}, float32 [${shape.join(', ')}]`,
        );
      }
      clones[name] = this.#tf.clone(tensor);
    }
    return clones;
  }

  #variable(name: string): tf.Tensor {
    const tensor = this.#variables.get(name);
    if (!tensor) throw new RangeError(`${this.#spec.name}: there is no variable ${name}`);
    return tensor;
  }

  #replace(name: string, tensor: tf.Tensor): void {
    this.#variables.get(name)!.dispose();
    this.#variables.set(name, this.#tf.keep(tensor));
  }
}

function isOf(dtype: TensorSpec['dtype'], values: HostArray): boolean {
  if (dtype === 'float32') return values instanceof Float32Array;
  return dtype === 'int32' ? values instanceof Int32Array : values instanceof Uint8Array;
}

/** A copy: a backend may hand out the very array that it keeps. */
function readBack(tensor: tf.Tensor): HostArray {
  return (tensor.dataSync() as HostArray).slice();
}
