import type { FileSystem, OpenFile } from '../disk/fileSystem.js';
import { MemoryTree, type FileNode, type Survivors } from './tree.js';

/** A file system in memory whose calls are done at once. */
export class MemoryDisk implements FileSystem {
  readonly tree: MemoryTree;

  constructor(tree = new MemoryTree()) {
    this.tree = tree;
  }

  /** The disk as it is found after the power comes back. */
  afterPowerLoss(survivors: Survivors): MemoryDisk {
    return new MemoryDisk(this.tree.afterPowerLoss(survivors));
  }

  async mkdir(path: string): Promise<void> {
    this.tree.mkdir(path);
  }

  async open(path: string, flags: 'r' | 'wx'): Promise<OpenFile> {
    return openFile(this.tree.open(path, flags));
  }

  async syncDirectory(path: string): Promise<void> {
    this.tree.syncDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.tree.rename(from, to);
  }

  async readdir(path: string): Promise<string[]> {
    return this.tree.readdir(path);
  }

  async stat(path: string): Promise<{ sizeBytes: number; modifiedMs: number }> {
    return this.tree.stat(path);
  }

  async unlink(path: string): Promise<void> {
    this.tree.unlink(path);
  }

  async rmdir(path: string): Promise<void> {
    this.tree.rmdir(path);
  }
}

function openFile(node: FileNode): OpenFile {
  return {
    write: async (bytes) => {
      node.append(bytes);
      return bytes.length;
    },
    read: async (into, position) => {
      const piece = node.bytes.subarray(position, position + into.length);
      into.set(piece);
      return piece.length;
    },
    sync: async () => node.sync(),
    close: async () => {},
  };
}
