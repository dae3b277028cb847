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
      if (!stem) continue;
      const ownerIsGone = owner.isGone(id!);
      if (!(await isLeftover(fs, join(directory, name), kind!, ownerIsGone, names.includes(stem)))) continue;
      await (stem === 'LATEST' ? fs.unlink(join(directory, name)) : removeTree(fs, join(directory, name)));
    }
  } catch {
    // The next publish sweeps again.
  }
}

async function isLeftover(
  fs: FileSystem,
  path: string,
  kind: string,
  ownerIsGone: boolean | undefined,
  hasPlain: boolean,
): Promise<boolean> {
  if (kind === 'gone') return true;
  if (kind === 'replaced') return hasPlain;
  return ownerIsGone ?? Date.now() - (await fs.stat(path)).modifiedMs > STALE_MS;
}
