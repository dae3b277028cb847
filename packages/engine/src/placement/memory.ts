import type { GraphNode } from '../compile/graph/graph.js';
import { isView, tensorBytes } from './place.js';

/** Operations that pass their first input's buffer on. */
const PASSING = new Set(['Bitcast', 'Identity', 'ReadVariableOp', 'Reshape']);

/**
 * Bytes of tensors that are alive at once while a program runs, at most: variables aside, in the order of recording, each
 * from the node that makes it to the last that reads it.
 */
export function peakBytes(nodes: readonly GraphNode[]): number {
  const buffers = nodes.map((node) => (node.op === 'Const' ? 0 : ownBytes(node)));
  const freed = lastReaders(nodes);
  let alive = 0;
  let peak = 0;
  nodes.forEach((_, i) => {
    alive += buffers[i]!;
    peak = Math.max(peak, alive);
    for (const made of freed[i]!) alive -= buffers[made]!;
  });
  return peak;
}

function ownBytes(node: GraphNode): number {
  const { op, outputs } = node;
  if (PASSING.has(op) || isView(node)) return 0;
  return outputs
    .filter(({ dtype }) => dtype !== 'resource')
    .reduce((sum, output) => sum + tensorBytes(output), 0);
}

/** For each node, the nodes whose buffers nobody reads after it. */
function lastReaders(nodes: readonly GraphNode[]): number[][] {
  const at = new Map(nodes.map((node, i) => [node, i]));
  const maker = nodes.map((_, i) => i);
  const last = nodes.map((_, i) => i);
  nodes.forEach((node, i) => {
    for (const input of node.inputs) last[maker[at.get(input.node)!]!] = i;
    const [first] = node.inputs;
    if (first && (PASSING.has(node.op) || isView(node))) maker[i] = maker[at.get(first.node)!]!;
  });
  const freed: number[][] = nodes.map(() => []);
  last.forEach((reader, made) => freed[reader]!.push(made));
  return freed;
}
