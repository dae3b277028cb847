import {
  checkpointLocation,
  hasTerminal,
  runPaths,
  type RunConfig,
  type RunRecord,
} from '@ddpm-fleet/config';
import type { Claim } from '@ddpm-fleet/coordinator';
import { fleetError } from '@ddpm-fleet/core';
import {
  launch,
  obeySignals,
  type LaunchEnd,
  type LaunchPlan,
  type SupervisionPolicy,
} from '@ddpm-fleet/launcher';
import { note, print } from '../output.js';
import { DiskWatch, placesOf } from './diskSpace.js';
import { RollCall } from './rollCall.js';
import { SampleGrids } from './sampleGrids.js';
import { unsavedWork } from './unsaved.js';
import type { Venue } from './venue.js';
import { Watch } from './watch.js';

export interface SupervisedRun {
  readonly plan: LaunchPlan;
  readonly venue: Venue;
  readonly dir: string;
  readonly config: RunConfig;
  readonly record: RunRecord;
  readonly claim: Pick<Claim, 'lost'>;
  /** 0: for as long as it takes. */
  readonly rendezvousSeconds: number;
}

/** Starts a run and stays with it to its end. @throws DDPM_ERR_RUN_*, DDPM_ERR_RENDEZVOUS */
export async function superviseRun(run: SupervisedRun): Promise<void> {
  const { plan, dir, config, record } = run;
  const { fleet } = config;
  note(
    `run ${record.runId.slice(0, 8)}: ${record.parameterCount.toLocaleString('en-US')} parameters, ${plan.workers.length} worker(s), in ${dir}`,
  );
  for (const text of plan.notes) note(text);
  const watch = new Watch(dir, config);
  const grids = new SampleGrids(dir, config, (text) => watch.say(text));
  const disk = new DiskWatch(placesOf(dir, config, record), (text) => watch.say(text));
  let rollCall: RollCall | undefined;
  const running = launch(plan, run.venue.driver(fleet.graceSeconds * 1000), {
    policy: policyOf(fleet, plan.workers.length),
    onEvent: (event) => {
      watch.onLaunchEvent(event);
      rollCall?.onLaunchEvent(event);
    },
  });
  rollCall = new RollCall(plan, dir, run.rendezvousSeconds, (text) => watch.say(text), running);
  const stopListening = obeySignals(running, hasTerminal());
  let displaced: Error | undefined;
  void run.claim.lost.then((error) => {
    displaced = error;
    running.stop(error.message);
  });
  const end = await running.ended;
  stopListening();
  rollCall.close();
  disk.close();
  watch.close();
  await grids.close();
  if (displaced ?? rollCall.failure) throw displaced ?? rollCall.failure;
  await conclude(end, dir, config);
}

function policyOf(fleet: RunConfig['fleet'], workers: number): SupervisionPolicy {
  const { maxRestarts, minWorkers, graceSeconds, maxBackoffMs } = fleet;
  return {
    ...{ maxRestarts, minWorkers: Math.min(minWorkers, workers), graceMs: graceSeconds * 1000 },
    ...{ backoffMs: Math.min(500, maxBackoffMs), maxBackoffMs, stableMs: 20_000 },
  };
}

async function conclude(end: LaunchEnd, dir: string, config: RunConfig): Promise<void> {
  const paths = runPaths(dir);
  const lost = end.kind === 'stopped' ? await unsavedWork(dir, config) : undefined;
  if (lost !== undefined) {
    const hint = `The logs are in ${paths.logs}.`;
    throw fleetError('DDPM_ERR_RUN_UNSAVED', { reason: end.reason, lost, hint });
  }
  if (end.kind === 'failed') {
    throw fleetError(end.exitCode === 2 ? 'DDPM_ERR_RUN_REFUSED' : 'DDPM_ERR_RUN_FAILED', {
      reason: end.reason,
      hint: `The logs are in ${paths.logs}.`,
    });
  }
  print(`${end.kind}: ${end.reason}`);
  print(`checkpoints  ${checkpointLocation(config, dir)}`);
  print(`samples      ${paths.samples}`);
  print(`journal      ${paths.journal}`);
  print(`logs         ${paths.logs}`);
  process.exitCode = end.exitCode;
}
