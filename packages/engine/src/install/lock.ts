import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

const POLL_MS = 250;
const REFRESH_MS = 5000;
/** After this long without a refresh a holder is dead, whatever process has its id now. */
const SILENT_MS = 60_000;

/**
 * Runs `task` while holding the lock file `path`; waits while another live process holds it, and takes over the lock
 * of a dead one. Two holders at once are possible only where two processes find the same dead lock in the same
 * instant: what the lock guards must then waste work, not break.
 * @param onWait told once who holds it
 */
export async function withLock<T>(
  path: string,
  onWait: (holder: string) => void,
  task: () => Promise<T>,
): Promise<T> {
  const me: Holder = { pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex') };
  let told = false;
  while (!(await tryTake(path, me))) {
    const holder = await readHolder(path);
    if (holder && !told) onWait(`process ${holder.pid} on ${holder.host}`);
    told ||= holder !== undefined;
    await sleep(POLL_MS);
  }
  const refresh = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), REFRESH_MS);
  try {
    return await task();
  } finally {
    clearInterval(refresh);
    if ((await readHolder(path))?.token === me.token) await rm(path, { force: true });
  }
}

/** A link appears with its content or not at all: no reader ever meets an empty lock. */
async function tryTake(path: string, me: Holder): Promise<boolean> {
  const own = `${path}.${me.token}`;
  await writeFile(own, JSON.stringify(me));
  try {
    if (await takeLink(own, path)) return true;
    await removeIfDead(path, me);
    return await takeLink(own, path);
  } finally {
    await rm(own, { force: true });
  }
}

async function takeLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the dead lock aside and looks again: a lock that came to life in between is put back. */
async function removeIfDead(path: string, me: Holder): Promise<void> {
  const holder = await readHolder(path);
  if (!holder || (await isAlive(path, holder, me.host))) return;
  const aside = `${path}.${me.token}.dead`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved && moved.token !== holder.token) await takeLink(aside, path);
  await rm(aside, { force: true });
}

/** A live holder refreshes its lock; the process id tells sooner, where it is of this host. */
async function isAlive(path: string, holder: Holder, host: string): Promise<boolean> {
  const silentMs = await stat(path).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (silentMs > SILENT_MS) return false;
  if (holder.host !== host) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
