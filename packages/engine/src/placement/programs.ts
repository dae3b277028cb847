// Gradients, which tfjs-core does not register by itself.
import '@tensorflow/tfjs';
import type { ModuleSpec } from '../engine.js';
import type { Graph, GraphNode } from '../compile/graph/graph.js';
import { recordModule, type TraceOptions } from '../compile/trace.js';

/** The nodes that a call of each program runs, each after its inputs. No engine is needed. */
export function recordedPrograms(spec: ModuleSpec, options: TraceOptions): Record<string, GraphNode[]> {
  const { plan, graph } = recordModule(spec, options);
  const wanted = Object.entries(plan.programs).map(([name, { outputs, done }]) => {
    const tensors = [...outputs.map(({ tensor }) => tensor), ...(done ? [done] : [])];
    return [name, needed(graph, tensors)] as const;
  });
  return Object.fromEntries(wanted);
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
