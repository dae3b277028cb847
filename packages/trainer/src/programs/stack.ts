import * as tf from '@tensorflow/tfjs-core';
import type { ProgramSpec } from '@ddpm-fleet/engine';

/** The variable at `depth` of the stack of partial sums. */
export function stackVariable(depth: number): string {
  return `stack-${depth}`;
}

/** `carry` becomes stack[depth] + carry: the left sibling lies on the stack. */
export function mergeProgram(depth: number): ProgramSpec {
  return {
    inputs: {},
    body: ({ read }) => ({ assign: { carry: tf.add(read(stackVariable(depth)), read('carry')) } }),
  };
}

/** stack[depth] becomes `carry`. */
export function pushProgram(depth: number): ProgramSpec {
  return {
    inputs: {},
    body: ({ read }) => ({ assign: { [stackVariable(depth)]: tf.clone(read('carry')) } }),
  };
}
