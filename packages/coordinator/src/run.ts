import { outliveHangup } from '@ddpm-fleet/config';
import { zmqTransport } from '@ddpm-fleet/transport';
import type { RunOutcome } from './machine/index.js';
import type { CoordinatorOptions } from './options.js';
import { Coordinator } from './server/coordinator.js';
import type { Addresses, LiveStatus } from './server/live.js';
import { realSurroundings, type Surroundings } from './server/surroundings.js';

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
 * Coordinates a run to its end. SIGTERM and SIGINT end it in order, a second one at once; SIGUSR1 saves a checkpoint, and
 * so does SIGHUP where no terminal is attached.
 * @throws as `startCoordinator`
 */
export async function runCoordinator(options: CoordinatorOptions): Promise<RunOutcome> {
  let running: RunningCoordinator | undefined;
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
    running = await startCoordinator(options);
    if (asked !== undefined) running.stop(asked);
    return await running.outcome;
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGUSR1', save).off('SIGHUP', save);
  }
}
