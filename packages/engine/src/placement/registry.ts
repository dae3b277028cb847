import { ints, protoFields, text, type ProtoField } from './protoReader.js';

/** An argument of an operation: how many tensors it stands for, and of what type. */
export interface OpArgument {
  readonly name: string;
  /** The attribute that says how many tensors it is, or which types a list of them has; absent: one. */
  readonly countAttr?: string;
  /** Always a string or a resource, whose tensor is never in the memory of a GPU. */
  readonly onHost?: boolean;
}

/** A kernel for GPUs. */
export interface GpuKernel {
  /** Types that attributes must have one of. */
  readonly types: Readonly<Record<string, readonly number[]>>;
  /** Arguments that are in the memory of the host, inputs and outputs. */
  readonly host: readonly string[];
}

export interface OpKernels {
  readonly inputs: readonly OpArgument[];
  readonly outputs: readonly OpArgument[];
  /** Types of attributes that a node may leave out. */
  readonly defaults: Readonly<Record<string, number>>;
  /** Those for GPUs, then those for any device that has none of its own. */
  readonly gpu: readonly GpuKernel[];
}

/** What a build of TensorFlow computes where, by operation. */
export type KernelRegistry = Readonly<Record<string, OpKernels>>;

const HOST_TYPES = new Set([7, 20]);

/**
 * @param ops `OpList` of TF_GetAllOpList
 * @param kernels `KernelList` of TF_GetAllRegisteredKernels
 */
export function readRegistry(ops: Uint8Array, kernels: Uint8Array): KernelRegistry {
  const registry: Record<string, OpKernels & { gpu: GpuKernel[] }> = {};
  for (const { bytes } of protoFields(ops)) {
    const fields = [...protoFields(bytes)];
    registry[text(first(fields, 1))] = { ...readOp(fields), gpu: [] };
  }
  for (const { bytes } of protoFields(kernels)) {
    const fields = [...protoFields(bytes)];
    const op = registry[text(first(fields, 1))];
    const device = text(first(fields, 2));
    // Kernels with a label are only for nodes that ask for them by it.
    if (!op || first(fields, 5).length > 0) continue;
    if (device === 'GPU') op.gpu.unshift(readKernel(fields));
    if (device === 'DEFAULT') op.gpu.push(readKernel(fields));
  }
  return registry;
}

function readOp(fields: readonly ProtoField[]): Pick<OpKernels, 'inputs' | 'outputs' | 'defaults'> {
  const attrs = all(fields, 4).map((attr) => [...protoFields(attr)]);
  const typed = attrs.map(
    (attr) => [text(first(attr, 1)), ints([...protoFields(first(attr, 3))], 6)[0]] as const,
  );
  return {
    inputs: all(fields, 2).map(readArgument),
    outputs: all(fields, 3).map(readArgument),
    defaults: Object.fromEntries(typed.filter((entry): entry is [string, number] => entry[1] !== undefined)),
  };
}

function readArgument(bytes: Uint8Array): OpArgument {
  const fields = [...protoFields(bytes)];
  const countAttr = text(first(fields, 5)) || text(first(fields, 6));
  return {
    name: text(first(fields, 1)),
    ...(countAttr && { countAttr }),
    ...(HOST_TYPES.has(ints(fields, 3)[0] ?? 0) && { onHost: true }),
  };
}

function readKernel(fields: readonly ProtoField[]): GpuKernel {
  const constraints = all(fields, 3).map((bytes) => [...protoFields(bytes)]);
  return {
    types: Object.fromEntries(
      constraints.map((constraint) => {
        const allowed = [...protoFields(first(constraint, 2))];
        return [text(first(constraint, 1)), ints([...protoFields(first(allowed, 1))], 6)];
      }),
    ),
    host: all(fields, 4).map(text),
  };
}

function all(fields: readonly ProtoField[], number: number): Uint8Array[] {
  return fields.filter((field) => field.number === number).map(({ bytes }) => bytes);
}

function first(fields: readonly ProtoField[], number: number): Uint8Array {
  return all(fields, number)[0] ?? new Uint8Array(0);
}
