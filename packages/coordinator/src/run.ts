import { outliveHangup, runPaths } from '@ddpm-fleet/config';
import { SharedMemory } from '@ddpm-fleet/engine/segments';
import { zmqTransport } from '@ddpm-fleet/transport';
import { claimRun, type Claim } from './claim/index.js';
import { RunWatch } from './goodput/runWatch.js';
import type { RunOutcome } from './machine/index.js';
import type { CoordinatorOptions } from './options.js';
import { Coordinator } from './server/coordinator.js';
import { openSeal } from './server/sealFile.js';
import { removeAside } from './server/files.js';
import type { Addresses, LiveStatus } from './server/live.js';
import { realSurroundings, sharingSurroundings, type Surroundings } from './server/surroundings.js';

/** A coordinator that listens. */
export interface RunningCoordinator {
  readonly addresses: Addresses;
  /** Resolves when the run has ended and everything is closed. */
  readonly outcome: Promise<RunOutcome>;
  readonly status: LiveStatus;
  /** Ends the run in order: a last checkpoint, within `fleet.graceSeconds`. */
  stop(reason: string): void;
  checkpointNow(): void;
}

/** @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_*, DDPM_ERR_JOURNAL */
export async function startCoordinator(
  options: CoordinatorOptions,
  surroundings: Surroundings = realSurroundings,
): Promise<RunningCoordinator> {
  const { security, insecure = false } = options;
  const transport = options.transport ?? zmqTransport({ insecure, ...(security && { server: security }) });
  const coordinator = new Coordinator(options, surroundings);
  const close = async (): Promise<void> => {
    await coordinator.close();
    await transport.close();
  };
  try {
    await coordinator.open(transport);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    addresses: coordinator.addresses,
    outcome: coordinator.outcome.then(async (outcome) => {
      await close();
      return outcome;
    }),
    get status() {
      return coordinator.status;
    },
    stop: (reason) => coordinator.stop(reason),
    checkpointNow: () => coordinator.checkpointNow(),
  };
}

/**
 * Coordinates a run to its end, as its only owner. SIGTERM and SIGINT end it in order, a second one at once; SIGUSR1
 * saves a checkpoint, and so does SIGHUP where no terminal is attached.
 * @param mayReseal go on behind lines of the journal that do not bear the run's seal
 * @throws as `startCoordinator`, `openSeal`; DDPM_ERR_RUN_LIVE where another owns the run, DDPM_ERR_RUN_DISPLACED once one does
 */
export async function runCoordinator(options: CoordinatorOptions, mayReseal = false): Promise<RunOutcome> {
  let running: RunningCoordinator | undefined;
  let claim: Claim | undefined;
  let asked = options.stop;
  const stop = (signal: NodeJS.Signals): void => {
    if (asked !== undefined) process.exit(1);
    asked = `${signal} received`;
    running?.stop(asked);
  };
  const save = (): void => running?.checkpointNow();
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGUSR1', save);
  outliveHangup(save);
  try {
    claim = await claimForCoordinator(options);
    const seal = openSeal(runPaths(options.runDir), mayReseal);
    const watch = new RunWatch(options);
    const surroundings = await surroundingsOf(options);
    running = await startCoordinator({ ...options, claim, seal, observer: watch.observer }, surroundings);
    if (asked !== undefined) running.stop(asked);
    return await watch.follow(Promise.race([running.outcome, thrown(claim.lost)]));
  } finally {
    claim?.release();
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGUSR1', save).off('SIGHUP', save);
  }
}

async function claimForCoordinator({ runDir, log }: CoordinatorOptions): Promise<Claim> {
  const { claims, journal } = runPaths(runDir);
  const onWait = (text: string): void => log.info(text);
  const claim = await claimRun({ runDir, directory: claims, role: 'coordinator', onWait });
  // What an owner before was about to rename.
  removeAside(journal);
  return claim;
}

async function thrown(error: Promise<Error>): Promise<never> {
  throw await error;
}

async function surroundingsOf({ config, log }: CoordinatorOptions): Promise<Surroundings> {
  if (!config.fleet.sharedMemory) return realSurroundings;
  try {
    return sharingSurroundings(await SharedMemory.open());
  } catch (error) {
    const reason = (error as Error).message;
    log.info({ reason }, `sums and roots go through sockets, also on this host: ${reason}`);
    return realSurroundings;
  }
}
