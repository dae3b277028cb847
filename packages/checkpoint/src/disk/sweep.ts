import { join } from 'node:path';
import type { FileSystem } from './fileSystem.js';
import type { Owner } from './owner.js';
import { namesIn, removeTree } from './tree.js';

/** What another host left is removed once nothing has touched it for so long. */
const STALE_MS = 24 * 3600 * 1000;
const LEFTOVER = /^(LATEST|step-\d{8,})\.(tmp|replaced|gone)-(.+)$/;

/**
 * Removes what dead processes left in a directory of checkpoints. Runs after a publish: everything that counts is
 * durable by then. Best effort, because a checkpoint that was published must not fail for it.
 */
export async function sweep(fs: FileSystem, directory: string, owner: Owner): Promise<void> {
  try {
    const names = await namesIn(fs, directory);
    for (const name of names) {
      const [, stem, kind, id] = LEFTOVER.exec(name) ?? [];
      const path = join(directory, name);
      if (!stem || !(await isLeftover(fs, owner, path, kind!, id!, names.includes(stem)))) continue;
      await (stem === 'LATEST' ? fs.unlink(path) : removeTree(fs, path));
    }
  } catch {
    // The next publish sweeps again.
  }
}

async function isLeftover(
  fs: FileSystem,
  owner: Owner,
  path: string,
  kind: string,
  id: string,
  hasPlain: boolean,
): Promise<boolean> {
  if (kind === 'gone') return true;
  if (kind === 'replaced') return hasPlain;
  return owner.isGone(id) ?? owner.nowMs() - (await fs.stat(path)).modifiedMs > STALE_MS;
}
