import type { Graph, GraphNode } from './graph/graph.js';
import type { ProgramPlan } from './modulePlan.js';

/** The nodes that a call of a program runs, each after its inputs. */
export function nodesOf({ outputs, done }: ProgramPlan, graph: Graph): GraphNode[] {
  return needed(graph, [...outputs.map(({ tensor }) => tensor), ...(done ? [done] : [])]);
}

function needed(graph: Graph, tensors: readonly string[]): GraphNode[] {
  const names = new Set(tensors.map((tensor) => tensor.replace(/:\d+$/, '')));
  const live = new Set(graph.nodes.filter(({ name }) => names.has(name)));
  for (const node of graph.nodes.toReversed()) {
    if (!live.has(node)) continue;
    for (const { node: input } of node.inputs) live.add(input);
    for (const input of node.control) live.add(input);
  }
  return graph.nodes.filter((node) => live.has(node));
}
