/**
 * The fixed binary tree along which the gradients of a step's slots are summed.
 * Node (0, i) is slot i. Node (l, i) = node (l-1, 2i) + node (l-1, 2i+1); where the right child does not exist
 * the left one passes up unchanged. The tree depends on numSlots alone, so whoever adds, the bytes are the same.
 */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Level of the root: 0 for one slot. */
export function rootLevel(numSlots: number): number {
  let level = 0;
  while (1 << level < numSlots) level++;
  return level;
}

/** How many nodes the tree has at `level`. */
export function widthOf(numSlots: number, level: number): number {
  return Math.ceil(numSlots / 2 ** level);
}

/** The slots [start, end) under a node. */
export function spanOf(numSlots: number, { level, index }: TreeNode): { start: number; end: number } {
  const width = 2 ** level;
  return { start: index * width, end: Math.min((index + 1) * width, numSlots) };
}

/**
 * The fewest nodes that together cover exactly the slots [start, end), in slot order.
 * A node that is the same as its only child is named by the highest level that it passes up to, so that each
 * sum has one name.
 */
export function maximalSubtrees(numSlots: number, start: number, end: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = start; at < end;) {
    let node: TreeNode = { level: 0, index: at };
    for (;;) {
      const parent = parentOf(node);
      const span = spanOf(numSlots, parent);
      if (node.level === rootLevel(numSlots) || span.start !== at || span.end > end) break;
      node = parent;
    }
    nodes.push(node);
    at = spanOf(numSlots, node).end;
  }
  return nodes;
}

export function parentOf({ level, index }: TreeNode): TreeNode {
  return { level: level + 1, index: index >> 1 };
}

/** The other child of a node's parent, or undefined where the node passes up alone. */
export function siblingOf(numSlots: number, { level, index }: TreeNode): TreeNode | undefined {
  const sibling = index ^ 1;
  return sibling < widthOf(numSlots, level) ? { level, index: sibling } : undefined;
}

export function nodeKey({ level, index }: TreeNode): string {
  return `${level}/${index}`;
}

/**
 * How often the sum of slot `slot` merges with what is on the binary-counter stack, when the slots of an aligned
 * run are added in order from `start`: the number of finished parents whose last slot it is.
 */
export function mergesAfter(numSlots: number, start: number, slot: number): number {
  let merges = 0;
  let node: TreeNode = { level: 0, index: slot };
  while (node.level < rootLevel(numSlots)) {
    const parent = parentOf(node);
    const span = spanOf(numSlots, parent);
    if (span.start < start || span.end !== slot + 1) break;
    if (span.start !== spanOf(numSlots, node).start) merges++;
    node = parent;
  }
  return merges;
}

/**
 * Sums the nodes it is given into the root, merging as soon as both children are there.
 * @param add adds the right child to the left one and returns the sum; it is never called in another order
 * @param keep what is held of a value that waits for its sibling, or is the root; the value itself by default
 */
export class TreeSum<T> {
  readonly #pending = new Map<string, T>();
  readonly #numSlots: number;
  readonly #add: (left: T, right: T) => T;
  readonly #keep: (value: T) => T;
  #root: T | undefined;

  constructor(numSlots: number, add: (left: T, right: T) => T, keep: (value: T) => T = (value) => value) {
    this.#numSlots = numSlots;
    this.#add = add;
    this.#keep = keep;
  }

  /** The finished sum, or undefined while a slot is missing. */
  get root(): T | undefined {
    return this.#root;
  }

  push(node: TreeNode, value: T): void {
    let at = node;
    let sum = value;
    while (at.level < rootLevel(this.#numSlots)) {
      const sibling = siblingOf(this.#numSlots, at);
      if (sibling) {
        const other = this.#pending.get(nodeKey(sibling));
        if (other === undefined) {
          this.#pending.set(nodeKey(at), this.#keep(sum));
          return;
        }
        this.#pending.delete(nodeKey(sibling));
        sum = at.index & 1 ? this.#add(other, sum) : this.#add(sum, other);
      }
      at = parentOf(at);
    }
    this.#root = this.#keep(sum);
  }
}
