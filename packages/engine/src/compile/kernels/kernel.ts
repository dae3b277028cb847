import { fillValue } from '../constants.js';
import type { GraphDType } from '../graph/dtype.js';
import type { Attr, Graph, Output } from '../graph/graph.js';

/** A call of a tfjs kernel, as the recorder sees it. */
export interface KernelCall {
  readonly graph: Graph;
  /** By the kernel's names for them; `0`, `1`, ... where the kernel takes a list. */
  readonly inputs: Readonly<Record<string, Output>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** What convolutions and matrix products are computed in. */
  readonly precision: 'float32' | 'bfloat16';
  /** The graph may use the addon's own operations. */
  readonly native: boolean;
}

/** Appends the nodes of one kernel call and says which outputs are its result. */
export type Lowering = (call: KernelCall) => Output | Output[];

export type KernelTable = Readonly<Record<string, Lowering>>;

export function type(dtype: GraphDType): Attr {
  return { type: dtype };
}

export function listInputs({ inputs }: KernelCall): Output[] {
  return Object.values(inputs);
}

/** The value of a constant that is filled with one, if `output` is such a constant. */
export function filledWith(output: Output): number | undefined {
  const value = output.node.attrs['value'];
  return output.node.op === 'Const' && value && 'tensor' in value ? fillValue(value.tensor) : undefined;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function reshaped(graph: Graph, x: Output, shape: readonly number[]): Output {
  if (sameShape(x.shape, shape)) return x;
  const attrs = { T: type(x.dtype), Tshape: type('int32') };
  return graph.add('Reshape', [x, graph.ints(shape)], attrs, { shape, dtype: x.dtype });
}

export function castTo(graph: Graph, x: Output, dtype: GraphDType): Output {
  if (x.dtype === dtype) return x;
  return graph.add('Cast', [x], { SrcT: type(x.dtype), DstT: type(dtype) }, { shape: x.shape, dtype });
}

export function broadcastTo(graph: Graph, x: Output, shape: readonly number[]): Output {
  if (sameShape(x.shape, shape)) return x;
  const attrs = { T: type(x.dtype), Tidx: type('int32') };
  return graph.add('BroadcastTo', [x, graph.ints(shape)], attrs, { shape, dtype: x.dtype });
}
