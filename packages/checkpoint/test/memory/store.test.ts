import test from 'ava';
import { storeConformance, type StoreBench } from '../../src/conformance/store.js';
import { DiskMedium, MediumStore, MemoryDisk, type MemoryTree } from '../../src/memory/index.js';

const PLACE = '/run/checkpoints';

storeConformance(test, async (): Promise<StoreBench> => {
  const disk = new MemoryDisk();
  const open = () => new MediumStore(new DiskMedium(PLACE, disk));
  const at = (path: string) => `${PLACE}/${path}`;
  return {
    store: open(),
    reopen: open,
    files: async () =>
      filesUnder(disk.tree, PLACE)
        .map((path) => path.slice(PLACE.length + 1))
        .toSorted(),
    read: async (path) => Buffer.from(disk.tree.open(at(path), 'r').bytes),
    write: async (path, bytes) => {
      const file = disk.tree.open(at(path), 'r');
      file.truncate(0);
      file.append(bytes);
    },
    remove: async (path) => disk.tree.unlink(at(path)),
  };
});

function filesUnder(tree: MemoryTree, directory: string): string[] {
  return tree.readdir(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    return isDirectory(tree, path) ? filesUnder(tree, path) : [path];
  });
}

function isDirectory(tree: MemoryTree, path: string): boolean {
  try {
    return tree.readdir(path) !== undefined;
  } catch {
    return false;
  }
}
