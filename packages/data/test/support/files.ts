import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A directory of the test's own with the given files in it; removed when the test is over. */
export async function directoryOf(
  t: ExecutionContext,
  files: Record<string, Uint8Array | string> = {},
): Promise<string> {
  const directory = await temporaryDirectory();
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await writeFiles(directory, files);
  return directory;
}

/** A directory that outlives a test: for files that several tests of one process read. */
export async function sharedDirectoryOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const directory = await temporaryDirectory();
  process.once('exit', () => execFileSync('rm', ['-rf', directory]));
  await writeFiles(directory, files);
  return directory;
}

export async function writeFiles(
  directory: string,
  files: Record<string, Uint8Array | string>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
}

function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ddpm-data-test-'));
}
