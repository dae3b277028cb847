import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** A socket that a process listens on: the kernel takes it away when the process ends, however it ends. */
export interface KernelLock {
  /** Of the socket, in its directory. */
  readonly name: string;
  close(): void;
}

/**
 * Listens on a new socket in a directory; undefined where its file system has none. Whoever shares the directory and
 * the kernel can find out whether this process lives, also from another container.
 */
export async function lockIn(directory: string, role: string): Promise<KernelLock | undefined> {
  const name = `${role}.${randomBytes(8).toString('hex')}.sock`;
  const server = createServer((socket) => socket.destroy());
  const opened = openPath(directory, name);
  try {
    await listening(server, opened.path);
  } catch {
    opened.close();
    return undefined;
  }
  // A claim does not keep its process running; what a peer does with its connection is nothing to us.
  server.unref().on('error', () => undefined);
  return { name, close: () => server.close(opened.close) };
}

/** Whether a process of this kernel listens there; undefined where that cannot be found out. */
export async function isLocked(directory: string, name: string): Promise<boolean | undefined> {
  if (!existsSync(join(directory, name))) return false;
  const opened = openPath(directory, name);
  try {
    return await answers(opened.path);
  } finally {
    opened.close();
  }
}

function answers(path: string): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') return resolve(false);
      // Nobody takes calls of one that is stopped, and its queue is full.
      resolve(code === 'EAGAIN' ? true : undefined);
    });
    socket.once('close', () => resolve(undefined)).once('connect', () => socket.destroy());
  });
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}

/** A path of a socket may have 107 bytes; through an open directory it is always shorter. */
function openPath(directory: string, name: string): { readonly path: string; close(): void } {
  if (!existsSync('/proc/self/fd')) return { path: join(directory, name), close: () => undefined };
  const descriptor = openSync(directory, 'r');
  return { path: `/proc/self/fd/${descriptor}/${name}`, close: () => closeSync(descriptor) };
}
