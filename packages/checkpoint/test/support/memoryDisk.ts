import { basename, dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../../src/disk/fileSystem.js';

class FileNode {
  data = Buffer.alloc(0);
  synced = Buffer.alloc(0);
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
 * A file system that remembers what would be left after a loss of power: file contents up to their last sync and a
 * part of what came after it, names up to the last sync of their directory and some of the changes since, in order.
 */
export class MemoryDisk implements FileSystem {
  readonly #root: DirectoryNode;

  constructor(root = new DirectoryNode()) {
    this.#root = root;
  }

  /** The disk as it is found after the power comes back. */
  afterPowerLoss(survivors: Survivors): MemoryDisk {
    return new MemoryDisk(survived(this.#root, survivors) as DirectoryNode);
  }

  async mkdir(path: string): Promise<void> {
    const parent = this.#directory(dirname(path));
    const name = basename(path);
    if (parent.names.has(name)) throw errno('EEXIST', path);
    const made = new DirectoryNode();
    parent.change((names) => names.set(name, made));
  }

  async open(path: string, flags: 'r' | 'wx'): Promise<OpenFile> {
    const parent = this.#directory(dirname(path));
    const name = basename(path);
    if (flags === 'r') return openFile(this.#file(path));
    if (parent.names.has(name)) throw errno('EEXIST', path);
    const made = new FileNode();
    parent.change((names) => names.set(name, made));
    return openFile(made);
  }

  async syncDirectory(path: string): Promise<void> {
    const directory = this.#directory(path);
    for (const operation of directory.pending) operation(directory.durable);
    directory.pending = [];
  }

  async rename(from: string, to: string): Promise<void> {
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

  async readdir(path: string): Promise<string[]> {
    return [...this.#directory(path).names.keys()];
  }

  async stat(path: string): Promise<{ sizeBytes: number; modifiedMs: number }> {
    const node = this.#find(path);
    return { sizeBytes: node instanceof FileNode ? node.data.length : 0, modifiedMs: Date.now() };
  }

  async unlink(path: string): Promise<void> {
    this.#file(path);
    this.#directory(dirname(path)).change((names) => names.delete(basename(path)));
  }

  async rmdir(path: string): Promise<void> {
    if (this.#directory(path).names.size > 0) throw errno('ENOTEMPTY', path);
    this.#directory(dirname(path)).change((names) => names.delete(basename(path)));
  }

  #find(path: string): Node {
    let node: Node | undefined = this.#root;
    for (const name of path.split('/').filter(Boolean)) {
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

function openFile(node: FileNode): OpenFile {
  return {
    write: async (bytes) => {
      node.data = Buffer.concat([node.data, bytes]);
      return bytes.length;
    },
    read: async (into, position) => node.data.copy(into, 0, position),
    sync: async () => {
      node.synced = node.data;
    },
    close: async () => {},
  };
}

function survived(node: Node, survivors: Survivors): Node {
  if (node instanceof FileNode) {
    const left = new FileNode();
    const extra = survivors(node.data.length - node.synced.length);
    left.data = left.synced = node.data.subarray(0, node.synced.length + extra);
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

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
