import { TreeSum, type TreeNode } from '@ddpm-fleet/core';
import { sumSquares, type Add } from './arithmetic.js';

export interface BucketRoot {
  readonly values: Float32Array;
  readonly squares: number;
}

/** What may be done with the memory of a part: see `Reduction.add`. An `own` one may be added into. */
export type Lending = 'lent' | 'shared' | 'own';

/**
 * The sum of one bucket along the tree. Additions write only into its own memory: into the bucket's home, where the
 * root must end up, or, while that holds a sum which waits for its sibling, into another array.
 */
export class BucketSum {
  readonly #add: Add;
  readonly #home: Float32Array;
  readonly #onBad: (node: TreeNode) => void;
  readonly #sum: TreeSum<Float32Array>;
  /** Shared parts that nothing was added to: whether they are finite is looked at when a sum is not. */
  readonly #unseen = new Map<Float32Array, TreeNode>();
  readonly #own = new Set<Float32Array>();
  #homeIsFree = true;
  #lent: Float32Array | undefined;
  /** Of the newest sum. */
  #squares = NaN;

  constructor(numSlots: number, add: Add, home: Float32Array, onBad: (node: TreeNode) => void) {
    this.#add = add;
    this.#home = home;
    this.#onBad = onBad;
    const merge = (left: Float32Array, right: Float32Array): Float32Array => this.#merge(left, right);
    this.#sum = new TreeSum(numSlots, merge, (sum) => this.#keep(sum));
  }

  /** @returns the root, in its home, once it is whole */
  push(node: TreeNode, values: Float32Array, lending: Lending): BucketRoot | undefined {
    if (lending === 'shared') this.#unseen.set(values, node);
    else if (!Number.isFinite((this.#squares = sumSquares(values)))) this.#onBad(node);
    if (lending === 'own') this.#own.add(values);
    this.#lent = lending === 'lent' ? values : undefined;
    this.#sum.push(node, values);
    this.#lent = undefined;
    const { root } = this.#sum;
    return root && this.#finish(root);
  }

  #merge(left: Float32Array, right: Float32Array): Float32Array {
    const out = this.#outFor(left, right);
    this.#squares = this.#add(out, left, right);
    for (const one of [left, right]) this.#see(one);
    return out;
  }

  /** A sum is finite only if all is that was added, so that only a part of one that is not can be bad. */
  #see(values: Float32Array): void {
    const node = this.#unseen.get(values);
    this.#unseen.delete(values);
    if (node && !Number.isFinite(this.#squares) && !Number.isFinite(sumSquares(values))) this.#onBad(node);
  }

  #outFor(left: Float32Array, right: Float32Array): Float32Array {
    if (this.#homeIsFree || left === this.#home || right === this.#home) {
      this.#homeIsFree = false;
      return this.#home;
    }
    const out = [left, right].find((one) => this.#own.has(one)) ?? new Float32Array(left.length);
    this.#own.add(out);
    return out;
  }

  /** What is lent is copied to be kept. */
  #keep(values: Float32Array): Float32Array {
    if (values !== this.#lent) return values;
    if (!this.#homeIsFree) {
      const copy = values.slice();
      this.#own.add(copy);
      return copy;
    }
    this.#homeIsFree = false;
    this.#home.set(values);
    return this.#home;
  }

  /** The root of a single part was added to nothing yet. */
  #finish(root: Float32Array): BucketRoot {
    if (this.#unseen.has(root)) {
      this.#squares = sumSquares(root);
      this.#see(root);
    }
    if (root !== this.#home) this.#home.set(root);
    return { values: this.#home, squares: this.#squares };
  }
}
