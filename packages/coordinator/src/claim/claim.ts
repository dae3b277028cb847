import { utimesSync } from 'node:fs';
import { fleetError, type FleetError } from '@ddpm-fleet/core';
import { assertFree, wordsOf } from './assertFree.js';
import type { ClaimOptions } from './claimOptions.js';
import { ClaimFiles, type ClaimRecord } from './claimRecord.js';
import { here } from './here.js';
import { lockIn, type KernelLock } from './kernelLock.js';

/** An owner says so often that it is there. */
const RENEW_MS = 2000;

/** A run that is ours, until somebody takes it over. */
export interface Claim {
  readonly epoch: number;
  /** The owner before was not seen to be dead: it may wake up and write. */
  readonly isTakenOver: boolean;
  /** Resolves, with the error that says so, once another owns the run. */
  readonly lost: Promise<FleetError>;
  /** @throws DDPM_ERR_RUN_DISPLACED if another owns the run */
  check(): void;
  /** Ends it in order: whoever is next need not wait. */
  release(): void;
}

/**
 * Takes ownership of a run. What proves that an owner lives: on the same kernel a socket that it listens on, else its
 * process number and start; where neither can be seen from here, that its claim is renewed.
 * @throws DDPM_ERR_RUN_LIVE where another owns it
 */
export async function claimRun(options: ClaimOptions): Promise<Claim> {
  const files = new ClaimFiles(options.directory, options.role);
  const self = options.here ?? here();
  files.prepare();
  const lock = await lockIn(options.directory, options.role);
  const record: ClaimRecord = {
    ...{ role: options.role, ...self, since: new Date().toISOString() },
    ...{ lock: lock?.name ?? null, isReleased: false },
  };
  try {
    for (;;) {
      const { epoch: before, isProven } = await assertFree(options);
      const epoch = before + 1;
      // Whoever was slow may have made one that was removed since: only the highest counts.
      if (!files.create(epoch, record)) continue;
      if (files.newestEpoch() === epoch)
        return new HeldClaim(options, files, { epoch, record, isTakenOver: !isProven, lock });
      files.remove(epoch);
    }
  } catch (error) {
    lock?.close();
    throw error;
  }
}

interface Held {
  readonly epoch: number;
  readonly record: ClaimRecord;
  readonly isTakenOver: boolean;
  readonly lock: KernelLock | undefined;
}

class HeldClaim implements Claim {
  readonly epoch: number;
  readonly isTakenOver: boolean;
  readonly #runDir: string;
  readonly #files: ClaimFiles;
  readonly #held: Held;
  readonly #timer: NodeJS.Timeout;
  #isReleased = false;
  #lose: (error: FleetError) => void = () => undefined;
  readonly lost = new Promise<FleetError>((resolve) => (this.#lose = resolve));

  constructor({ runDir, renewMs = RENEW_MS }: ClaimOptions, files: ClaimFiles, held: Held) {
    this.epoch = held.epoch;
    this.isTakenOver = held.isTakenOver;
    this.#runDir = runDir;
    this.#files = files;
    this.#held = held;
    files.removeBefore(held.epoch);
    this.#timer = setInterval(() => this.#renew(), renewMs).unref();
  }

  check(): void {
    if (this.#files.newestEpoch() === this.epoch) return;
    clearInterval(this.#timer);
    const { age: _, ...who } = wordsOf(this.#files.newest()?.record);
    const error = fleetError('DDPM_ERR_RUN_DISPLACED', { dir: this.#runDir, ...who });
    this.#lose(error);
    throw error;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearInterval(this.#timer);
    const { epoch, record, lock } = this.#held;
    try {
      if (this.#files.newestEpoch() === epoch) this.#files.replace(epoch, { ...record, isReleased: true });
    } catch {
      // Whoever is next finds it silent.
    }
    lock?.close();
  }

  /** The time of the file is what changes: that takes no room on a disk that is full. */
  #renew(): void {
    try {
      this.check();
      const now = new Date();
      utimesSync(this.#files.path(this.epoch), now, now);
    } catch {
      // Displaced, which is told; or the disk does not answer now.
    }
  }
}
