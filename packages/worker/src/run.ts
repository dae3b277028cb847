import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { SharedMemory } from '@ddpm-fleet/engine/segments';
import { wallClock, type Transport } from '@ddpm-fleet/transport';
import type { Logger } from 'pino';
import { ComputeThread } from './compute/computeThread.js';
import type { WorkerEnd } from './machine/effects.js';
import { Preparation } from './shell/prepare.js';
import type { Addresses } from './shell/ports.js';
import { WorkerShell } from './shell/shell.js';

export interface WorkerOptions {
  /** Stable over restarts: letters, digits, `.`, `_`, `-`; at most 64. */
  readonly workerId: string;
  readonly addresses: Addresses;
  readonly transport: Transport;
  readonly log: Logger;
  /** See `debugFlip`. */
  readonly flipAt?: number;
  /** Ends the work: slots are handed back and the worker leaves. */
  readonly signal?: AbortSignal;
}

/**
 * Joins the run at `addresses`, computes what it is leased and applies what the fleet agrees on, until the run is over
 * or `signal` asks it to leave. It waits for a coordinator for as long as it takes.
 * @throws DDPM_ERR_TRANSPORT_*; everything later is told by the result
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerEnd> {
  const { workerId, addresses, transport, log, signal, flipAt } = options;
  const { promise: ended, resolve: onEnd } = withResolvers<WorkerEnd>();
  const compute = new ComputeThread();
  const preparation = new Preparation(compute, log);
  const peer = `${workerId}.${randomBytes(4).toString('hex')}`;
  const shell = new WorkerShell({
    addresses,
    transport,
    log,
    onEnd,
    clock: wallClock,
    identity: { workerId, host: hostname(), pid: process.pid, peer },
    prepare: (run) => preparation.prepare(run),
    openMemory: () => SharedMemory.open(),
  });
  try {
    void compute.ended.then((crash) => crash && shell.take({ type: 'failed', error: crash }));
    if (flipAt !== undefined) void compute.armFlip(flipAt);
    await shell.open();
    const leave = () => shell.take({ type: 'leave', reason: 'asked to leave' });
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    return await ended;
  } finally {
    // Sockets first: the thread may be busy with a slot, and nobody waits for it any more.
    await shell.close();
    await preparation.close();
    await compute.dispose();
  }
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
