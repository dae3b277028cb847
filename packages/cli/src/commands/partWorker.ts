import { Command } from 'commander';
import { runPartChild } from '../parts/child.js';

/** What `sample`, `interpolate` and `evaluate` start; people have no use for it. */
export function partWorkerCommand(): Command {
  return new Command('part-worker').argument('<request>').action(runPartChild);
}
