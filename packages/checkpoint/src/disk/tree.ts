import { dirname, join } from 'node:path';
import { errnoOf, type FileSystem } from './fileSystem.js';

/** Makes a directory and those above it durable before it resolves. */
export async function makeDirectory(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(fs, dirname(path));
    return makeDirectory(fs, path);
  }
  await fs.syncDirectory(dirname(path));
}

/** Writes a new file whole and syncs its bytes; its name is durable once its directory is synced. */
export async function writeFile(
  fs: FileSystem,
  path: string,
  chunks: Iterable<Uint8Array>,
  seen: (chunk: Uint8Array) => void = () => {},
): Promise<void> {
  const file = await fs.open(path, 'wx');
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      seen(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A file front to back in pieces of `into.length`, each valid until the next one is asked for. */
export async function* readFile(fs: FileSystem, path: string, into: Uint8Array): AsyncGenerator<Uint8Array> {
  const file = await fs.open(path, 'r');
  try {
    for (let at = 0; ;) {
      const read = await file.read(into, at);
      if (read === 0) return;
      yield into.subarray(0, read);
      at += read;
    }
  } finally {
    await file.close();
  }
}

/** Removes a directory of files and of directories of files; what is already gone is no error. */
export async function removeTree(fs: FileSystem, path: string): Promise<void> {
  for (const name of await namesIn(fs, path)) {
    await ignoreMissing(fs.unlink(join(path, name)));
  }
  await ignoreMissing(fs.rmdir(path));
}

/** Names in a directory; none if it does not exist. */
export async function namesIn(fs: FileSystem, path: string): Promise<string[]> {
  try {
    return await fs.readdir(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function ignoreMissing(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
