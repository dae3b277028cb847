// Gradients, which tfjs-core does not register by itself.
import '@tensorflow/tfjs';
import type { ModuleSpec } from '../engine.js';
import type { GraphNode } from '../compile/graph/graph.js';
import { nodesOf } from '../compile/programNodes.js';
import { recordModule, type TraceOptions } from '../compile/trace.js';

/** The nodes that a call of each program runs, each after its inputs. No engine is needed. */
export function recordedPrograms(spec: ModuleSpec, options: TraceOptions): Record<string, GraphNode[]> {
  const { plan, graph } = recordModule(spec, options);
  return Object.fromEntries(
    Object.entries(plan.programs).map(([name, program]) => [name, nodesOf(program, graph)] as const),
  );
}
