import { BYTES, DataType } from '../compile/graph/dtype.js';
import { sizeOf, type GraphNode, type Output, type OutputType } from '../compile/graph/graph.js';
import type { GpuKernel, KernelRegistry, OpArgument, OpKernels } from './registry.js';

export type Counts = ReadonlyMap<string, number>;

/** Where a program's nodes run on a machine with a GPU, and what is copied meanwhile. All is for each call. */
export interface Placement {
  readonly nodes: number;
  /** Nodes that launch a kernel of the GPU, by operation. */
  readonly launches: Counts;
  /** Nodes without a kernel for GPUs, by operation. */
  readonly missing: Counts;
  /** Nodes that compute on the host, constants aside. */
  readonly onHost: Counts;
  /** Inputs that a kernel of the GPU wants in host memory and that are no constants: `operation.argument`. */
  readonly hostInputs: Counts;
  /** Tensors that cross between host and GPU, beside what the call is fed with and gives back. */
  readonly copies: Counts;
  /** Bytes that the kernels of the GPU read and write. */
  readonly bytes: number;
}

/** Operations whose kernel passes a buffer on, or only says something about it. */
const NO_LAUNCH = new Set(
  'AssignVariableOp Bitcast Const Identity Merge NoOp Placeholder ReadVariableOp Reshape Switch VarHandleOp'.split(
    ' ',
  ),
);

/**
 * @param nodes of one program, each after its inputs
 * @throws Error for an operation that the build does not know
 */
export function placeNodes(nodes: readonly GraphNode[], registry: KernelRegistry): Placement {
  const placer = new Placer(registry);
  for (const node of nodes) placer.place(node);
  return { nodes: nodes.length, ...placer.tally };
}

/** Where a tensor is. `fed`: on the host, at the edge of the call. */
type Memory = 'host' | 'gpu' | 'fed';

class Placer {
  readonly tally = {
    launches: new Map<string, number>(),
    missing: new Map<string, number>(),
    onHost: new Map<string, number>(),
    hostInputs: new Map<string, number>(),
    copies: new Map<string, number>(),
    bytes: 0,
  };
  readonly #registry: KernelRegistry;
  readonly #memory = new Map<GraphNode, readonly Memory[]>();
  readonly #crossed = new Set<string>();

  constructor(registry: KernelRegistry) {
    this.#registry = registry;
  }

  place(node: GraphNode): void {
    const op = this.#registry[node.op];
    if (!op) throw new Error(`the build has no operation ${node.op}`);
    const kernel = gpuKernel(node, op);
    if (!kernel) add(this.tally.missing, node.op);
    const inputs = argumentsOf(op.inputs, node);
    node.inputs.forEach((input, i) => this.#visit(node, input, inputs[i]!, kernel));
    const outputs = argumentsOf(op.outputs, node);
    const memory = outputs.map((argument) => this.#memoryOf(node, argument, kernel));
    this.#memory.set(node, memory);
    if (NO_LAUNCH.has(node.op) || isView(node)) return;
    const isHosted = [...inputs, ...outputs].every((argument) => isOnHost(argument, kernel));
    add(isHosted ? this.tally.onHost : this.tally.launches, node.op);
    if (!isHosted) this.tally.bytes += this.#bytesOf(node);
  }

  #visit(node: GraphNode, input: Output, argument: OpArgument, kernel: GpuKernel | undefined): void {
    if (argument.onHost) return;
    const from = this.#memory.get(input.node)![input.index]!;
    const wantsHost = isOnHost(argument, kernel);
    if (wantsHost && kernel && input.node.op !== 'Const')
      add(this.tally.hostInputs, `${node.op}.${argument.name}`);
    const key = `${input.node.name}:${input.index}`;
    if (from !== (wantsHost ? 'gpu' : 'host') || this.#crossed.has(key)) return;
    this.#crossed.add(key);
    add(this.tally.copies, wantsHost ? `to host for ${node.op}` : `to GPU for ${node.op}`);
  }

  #memoryOf(node: GraphNode, argument: OpArgument, kernel: GpuKernel | undefined): Memory {
    if (node.op === 'Placeholder') return 'fed';
    return isOnHost(argument, kernel) ? 'host' : 'gpu';
  }

  #bytesOf(node: GraphNode): number {
    const read = node.inputs.filter((input) => this.#memory.get(input.node)![input.index] === 'gpu');
    return [...read, ...node.outputs].reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  }
}

export function tensorBytes({ shape, dtype }: OutputType): number {
  return sizeOf(shape) * BYTES[dtype];
}

/** A slice of whole rows whose first byte is at a multiple of 64 shares the buffer. */
export function isView({ op, inputs, outputs }: GraphNode): boolean {
  if (op !== 'Slice') return false;
  const [x, begin] = inputs as [Output, Output];
  const value = begin.node.attrs['value'];
  if (!value || !('tensor' in value)) return false;
  const row = x.shape.slice(1);
  const start = Buffer.from(value.tensor.bytes).readInt32LE(0);
  return (
    (start * sizeOf(row) * BYTES[x.dtype]) % 64 === 0 && row.join() === outputs[0]!.shape.slice(1).join()
  );
}

function gpuKernel({ attrs }: GraphNode, { gpu, defaults }: OpKernels): GpuKernel | undefined {
  return gpu.find(({ types }) =>
    Object.entries(types).every(([name, allowed]) => {
      const attr = attrs[name];
      const type = attr && 'type' in attr ? DataType[attr.type] : defaults[name];
      return type !== undefined && allowed.includes(type);
    }),
  );
}

function isOnHost(argument: OpArgument, kernel: GpuKernel | undefined): boolean {
  return !kernel || argument.onHost === true || kernel.host.includes(argument.name);
}

/** The argument of each tensor of a node. */
function argumentsOf(list: readonly OpArgument[], { op, attrs }: GraphNode): OpArgument[] {
  return list.flatMap((argument) => {
    const attr = argument.countAttr === undefined ? { int: 1 } : attrs[argument.countAttr];
    if (!attr || !('int' in attr)) throw new Error(`${op} does not say its ${argument.countAttr}`);
    return new Array<OpArgument>(attr.int).fill(argument);
  });
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
