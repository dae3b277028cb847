import type { Transport } from '@ddpm-fleet/transport';
import type { Logger } from 'pino';
import type { Addresses } from './link.js';

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

/** How a worker's life ended. */
export interface WorkerEnd {
  /** 0: the run is complete, or it left on purpose; 1: something failed; 2: it was refused, or its input was wrong. */
  readonly exitCode: number;
  readonly reason: string;
}
