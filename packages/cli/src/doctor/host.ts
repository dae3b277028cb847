import { lookup } from 'node:dns/promises';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, freemem, hostname } from 'node:os';
import { join } from 'node:path';
import { freePortPair, isFreePair } from '../launch/address.js';
import { descriptorLimit } from '../launch/hostFacts.js';
import { bytes } from '../output.js';
import type { Check } from './check.js';

const GiB = 1024 ** 3;
const FEWEST_DESCRIPTORS = 1024;

/** What a launch needs of this host, engine apart. */
export async function checkHost(wanted?: number): Promise<Check[]> {
  return Promise.all([
    ...[node(), memory(), disk(), workingDirectory(), port(), coordinatorPort(wanted), ownName()],
    descriptors(),
  ]);
}

/** Workers elsewhere need to know the port beforehand, so it is looked for among a few. */
async function coordinatorPort(wanted: number | undefined): Promise<Check> {
  const name = 'coordinator port';
  const remedy = 'Stop what uses it, or give another with --port.';
  const found = wanted === undefined ? await freePortPair() : (await isFreePair(wanted)) ? wanted : undefined;
  if (found === undefined)
    return { name, ok: false, detail: `${wanted ?? 'all of 29500-29700'} in use`, remedy };
  return { name, ok: true, detail: `${found} and ${found + 1} are free` };
}

async function node(): Promise<Check> {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const ok = major! > 20 || (major === 20 && minor! >= 19);
  const detail = `${process.version}, ${availableParallelism()} cores`;
  return { name: 'node', ok, detail, remedy: 'Install Node 20.19 or newer.' };
}

async function memory(): Promise<Check> {
  const free = freemem();
  return {
    name: 'memory',
    ok: free > GiB,
    detail: `${bytes(free)} free`,
    remedy: 'Free at least 1 GiB; `launch --dry-run` says what a run needs.',
  };
}

async function disk(): Promise<Check> {
  const { bavail, bsize } = await statfs('.');
  const free = bavail * bsize;
  return {
    name: 'disk',
    ok: free > 2 * GiB,
    detail: `${bytes(free)} free here`,
    remedy: 'Free at least 2 GiB.',
  };
}

async function workingDirectory(): Promise<Check> {
  const name = 'working directory';
  try {
    const dir = await mkdtemp(join(process.cwd(), '.ddpm-doctor-'));
    await writeFile(join(dir, 'probe'), 'probe');
    await rm(dir, { recursive: true });
    return { name, ok: true, detail: `${process.cwd()} is writable` };
  } catch (error) {
    return {
      name,
      ok: false,
      detail: (error as Error).message,
      remedy: 'Run from a directory you may write to.',
    };
  }
}

async function port(): Promise<Check> {
  const name = 'loopback';
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const remedy = 'Nothing may listen on 127.0.0.1; look at the firewall or sandbox.';
      resolve({ name, ok: false, detail: error.message, remedy });
    });
    server.listen(0, '127.0.0.1', () => {
      server.close(() => resolve({ name, ok: true, detail: 'a port on 127.0.0.1 can be opened' }));
    });
  });
}

async function ownName(): Promise<Check> {
  const name = 'host name';
  try {
    const { address } = await lookup(hostname());
    return { name, ok: true, detail: `${hostname()} is ${address}` };
  } catch {
    const remedy = 'Only runs over several hosts need it: add this host to DNS or /etc/hosts.';
    return { name, ok: false, detail: `${hostname()} does not resolve`, remedy };
  }
}

async function descriptors(): Promise<Check> {
  const name = 'file descriptors';
  const remedy = `Raise it, e.g. ulimit -n ${FEWEST_DESCRIPTORS * 4}.`;
  const soft = descriptorLimit();
  return { name, ok: soft >= FEWEST_DESCRIPTORS, detail: `limit ${soft}`, remedy };
}
