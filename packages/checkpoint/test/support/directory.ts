import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { StoreBench } from '../../src/conformance/store.js';
import { openStore } from '../../src/index.js';

/** A directory that is gone after the test. */
export async function temporaryDirectory(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ddpm-fleet-checkpoint-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function diskBench(directory: string): StoreBench {
  return {
    store: openStore(directory),
    reopen: () => openStore(directory),
    files: async () => {
      const found = await readdir(directory, { recursive: true, withFileTypes: true });
      return found
        .filter((one) => one.isFile())
        .map((one) => relative(directory, join(one.parentPath, one.name)))
        .toSorted();
    },
    read: (path) => readFile(join(directory, path)),
    write: (path, bytes) => writeFile(join(directory, path), bytes),
    remove: (path) => rm(join(directory, path)),
  };
}
