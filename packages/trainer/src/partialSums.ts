import {
  addInto,
  parentOf,
  rootLevel,
  roundToBfloat16,
  siblingOf,
  spanOf,
  type TreeNode,
} from '@ddpm-fleet/core';
import type { Module } from '@ddpm-fleet/engine';
import { stackVariable } from './programs/stack.js';

/** Where partial sums lie and are added. The sum of the slot that was computed last is in the module's `carry`. */
interface Adder {
  /** carry = stack[depth] + carry */
  merge(depth: number): void;
  /** stack[depth] = carry */
  push(depth: number): void;
  /** A new slot's gradient is in `carry`. */
  begin(): void;
  /** A copy of `carry`, or of stack[depth]. */
  read(depth: number | 'carry'): Float32Array;
}

/**
 * The partial sums of a run of slots along the reduction tree, as a binary counter: each slot's gradient is merged
 * with the left siblings that wait for it. What waits is a left child inside the run, one a level at most; what
 * cannot grow inside the run is finished and taken off the device.
 */
export class PartialSums {
  readonly #numSlots: number;
  readonly #adder: Adder;
  #waiting: TreeNode[] = [];
  #finished: Float32Array[] = [];

  constructor(numSlots: number, adder: Adder) {
    this.#numSlots = numSlots;
    this.#adder = adder;
  }

  clear(): void {
    this.#waiting = [];
    this.#finished = [];
  }

  /** Does once whatever an addition may ask of the device. */
  warmUp(): void {
    this.#adder.begin();
    for (let depth = 0; depth < rootLevel(this.#numSlots); depth++) {
      this.#adder.push(depth);
      this.#adder.merge(depth);
      this.#adder.read(depth);
    }
    this.#adder.read('carry');
  }

  /** Takes the gradient of `slot` from `carry`; slots of a run come in order, without gaps. */
  add(slot: number, runStart: number): void {
    this.#adder.begin();
    let node: TreeNode = { level: 0, index: slot };
    while (node.level < rootLevel(this.#numSlots)) {
      const parent = parentOf(node);
      const isInside = spanOf(this.#numSlots, parent).start >= runStart;
      if (siblingOf(this.#numSlots, node)) {
        if (!isInside) break;
        if (node.index % 2 === 0) {
          this.#adder.push(this.#waiting.length);
          this.#waiting.push(node);
          return;
        }
        this.#waiting.pop();
        this.#adder.merge(this.#waiting.length);
      }
      node = parent;
    }
    this.#finished.push(this.#adder.read('carry'));
  }

  /** The sums of the run's maximal subtrees in slot order; nothing is left. */
  take(): Float32Array[] {
    const sums = [...this.#finished, ...this.#waiting.map((_, depth) => this.#adder.read(depth))];
    this.clear();
    return sums;
  }
}

/** Float32 sums stay on the device. */
export function deviceAdder(module: Module): Adder {
  return {
    begin: () => {},
    merge: (depth) => void module.run(`merge-${depth}`),
    push: (depth) => void module.run(`push-${depth}`),
    read: (depth) => module.readVariable(depth === 'carry' ? 'carry' : stackVariable(depth)),
  };
}

/**
 * Gradients and sums rounded to bfloat16. On the host: what a device's cast does with ties, NaN and small numbers is
 * its own affair, and every node must have the same bits wherever it was added.
 */
export function bfloat16Adder(module: Module): Adder {
  const stack: Float32Array[] = [];
  let carry: Float32Array = new Float32Array(0);
  return {
    begin() {
      carry = roundToBfloat16(module.readVariable('carry'));
    },
    merge(depth) {
      carry = roundToBfloat16(addInto(stack[depth]!, carry));
    },
    push: (depth) => void (stack[depth] = carry),
    read: (depth) => (depth === 'carry' ? carry : stack[depth]!),
  };
}
