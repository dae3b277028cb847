export type { GraphNode } from '../compile/graph/graph.js';
export { peakBytes } from './memory.js';
export { placeNodes, type Counts, type Placement } from './place.js';
export { recordedPrograms } from './programs.js';
export { readRegistry, type KernelRegistry } from './registry.js';
