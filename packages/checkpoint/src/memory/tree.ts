import { basename, dirname } from 'node:path';

/** A file: only its end changes. */
export class FileNode {
  #bytes = new Uint8Array(256);
  sizeBytes = 0;
  /** What a loss of power leaves for certain. */
  durableBytes = 0;
  modifiedMs = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.sizeBytes);
  }

  append(bytes: Uint8Array): void {
    const needed = this.sizeBytes + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.sizeBytes);
    this.sizeBytes = needed;
  }

  truncate(sizeBytes: number): void {
    this.sizeBytes = Math.min(this.sizeBytes, sizeBytes);
    this.durableBytes = Math.min(this.durableBytes, sizeBytes);
  }

  /** @param sizeBytes what is made durable, where more has come since the sync was asked for */
  sync(sizeBytes = this.sizeBytes): void {
    this.durableBytes = Math.max(this.durableBytes, Math.min(sizeBytes, this.sizeBytes));
  }
}

class DirectoryNode {
  readonly names = new Map<string, Node>();
  /** Names as the last sync made them durable, and what was done to them since. */
  readonly durable = new Map<string, Node>();
  pending: ((names: Map<string, Node>) => void)[] = [];

  change(operation: (names: Map<string, Node>) => void): void {
    operation(this.names);
    this.pending.push(operation);
  }
}

type Node = FileNode | DirectoryNode;

/** How many of `count` things that were not synced survive a loss of power. */
export type Survivors = (count: number) => number;

/**
 * Files and directories that remember what would be left after a loss of power: file contents up to their last sync
 * and a part of what came after it, names up to the last sync of their directory and some of the changes since, in
 * order. Every method does at once what the system call of its name does, and throws what that would.
 */
export class MemoryTree {
  readonly #root: DirectoryNode;
  readonly #now: () => number;

  /** @param now milliseconds since 1970, for the times of files */
  constructor(now: () => number = Date.now, root = new DirectoryNode()) {
    this.#root = root;
    this.#now = now;
  }

  /** What is found after the power comes back. */
  afterPowerLoss(survivors: Survivors): MemoryTree {
    return new MemoryTree(this.#now, survived(this.#root, survivors) as DirectoryNode);
  }

  mkdir(path: string): void {
    const parent = this.#directory(dirname(path));
    const name = basename(path);
    if (parent.names.has(name)) throw errno('EEXIST', path);
    const made = new DirectoryNode();
    parent.change((names) => names.set(name, made));
  }

  /** `r` reads, `a` makes the file if need be, `wx` makes it and fails if it is there. */
  open(path: string, flags: 'r' | 'a' | 'wx'): FileNode {
    const parent = this.#directory(dirname(path));
    const name = basename(path);
    if (flags === 'r' || (flags === 'a' && parent.names.has(name))) return this.#file(path);
    if (parent.names.has(name)) throw errno('EEXIST', path);
    const made = new FileNode();
    made.modifiedMs = this.#now();
    parent.change((names) => names.set(name, made));
    return made;
  }

  has(path: string): boolean {
    return this.#directory(dirname(path)).names.has(basename(path));
  }

  syncDirectory(path: string): void {
    const directory = this.#directory(path);
    for (const operation of directory.pending) operation(directory.durable);
    directory.pending = [];
  }

  rename(from: string, to: string): void {
    const parent = this.#directory(dirname(from));
    if (dirname(from) !== dirname(to)) throw new Error('renames between directories are not modelled');
    const node = parent.names.get(basename(from));
    const target = parent.names.get(basename(to));
    if (!node) throw errno('ENOENT', from);
    if (target instanceof DirectoryNode && target.names.size > 0) throw errno('ENOTEMPTY', to);
    parent.change((names) => {
      names.delete(basename(from));
      names.set(basename(to), node);
    });
  }

  readdir(path: string): string[] {
    return [...this.#directory(path).names.keys()];
  }

  stat(path: string): { sizeBytes: number; modifiedMs: number } {
    const node = this.#find(path);
    return node instanceof FileNode ? node : { sizeBytes: 0, modifiedMs: this.#now() };
  }

  unlink(path: string): void {
    this.#file(path);
    this.#directory(dirname(path)).change((names) => names.delete(basename(path)));
  }

  rmdir(path: string): void {
    if (this.#directory(path).names.size > 0) throw errno('ENOTEMPTY', path);
    this.#directory(dirname(path)).change((names) => names.delete(basename(path)));
  }

  #find(path: string): Node {
    let node: Node | undefined = this.#root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      if (!(node instanceof DirectoryNode)) throw errno('ENOTDIR', path);
      node = node.names.get(name);
      if (!node) throw errno('ENOENT', path);
    }
    return node;
  }

  #directory(path: string): DirectoryNode {
    const node = this.#find(path);
    if (!(node instanceof DirectoryNode)) throw errno('ENOTDIR', path);
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#find(path);
    if (!(node instanceof FileNode)) throw errno('EISDIR', path);
    return node;
  }
}

function survived(node: Node, survivors: Survivors): Node {
  if (node instanceof FileNode) {
    const left = new FileNode();
    const extra = survivors(node.sizeBytes - node.durableBytes);
    left.append(node.bytes.subarray(0, node.durableBytes + extra));
    left.sync();
    left.modifiedMs = node.modifiedMs;
    return left;
  }
  const names = new Map(node.durable);
  for (const operation of node.pending.slice(0, survivors(node.pending.length))) operation(names);
  const left = new DirectoryNode();
  for (const [name, child] of names) {
    const copy = survived(child, survivors);
    left.names.set(name, copy);
    left.durable.set(name, copy);
  }
  return left;
}

export function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
