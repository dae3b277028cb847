import { join, resolve } from 'node:path';
import { runPaths } from '@ddpm-fleet/config';
import { assertAccepted, fleetError } from '@ddpm-fleet/core';
import { defaultWorkers, keyFilesIn, makeKeys, planLaunch, type LaunchPlan } from '@ddpm-fleet/launcher';
import { Command } from 'commander';
import { assertOwnCheckpoint, beginBranch } from '../launch/branch.js';
import { detach } from '../launch/detach.js';
import { printDryRun } from '../launch/dryRun.js';
import { estimate } from '../launch/estimate.js';
import { gpuMemoryNotes } from '../launch/gpuMemory.js';
import { HERE, INSTALLATION } from '../launch/installation.js';
import { launchOnKubernetes } from '../launch/kubernetes.js';
import { addLaunchOptions, settingsOf, type LaunchFlags } from '../launch/launchOptions.js';
import { openVenue } from '../launch/openVenue.js';
import {
  foreseeRun,
  prepareRun,
  type ForeseenRun,
  type PreparedRun,
  type PrepareOptions,
} from '../launch/preparedRun.js';
import { processEntries, processEnvironments } from '../launch/processes.js';
import { claimRunDirectory, type ClaimedRun, type Resume } from '../launch/runDirectory.js';
import { submitToSlurm, wantsSubmission } from '../launch/submitSlurm.js';
import { superviseRun } from '../launch/supervise.js';
import type { Venue } from '../launch/venue.js';
import { note, sayNotes } from '../output.js';

export function launchCommand(): Command {
  const command = new Command('launch')
    .description('start a run: a coordinator and its workers, supervised to the end')
    .argument('<config>', 'YAML file, e.g. configs/quickstart.yaml');
  return addLaunchOptions(command).action(run);
}

async function run(file: string, flags: LaunchFlags): Promise<void> {
  const options = { file, set: settingsOf(flags), onNotice: note };
  assertBranchable(flags, wantsSubmission(flags));
  if (flags.launcher === 'kubernetes') {
    const foreseen = await foresee(options, flags);
    return launchOnKubernetes(directoryOf(foreseen, flags), foreseen, flags);
  }
  if (wantsSubmission(flags)) {
    const foreseen = await foresee(options, flags);
    return submitToSlurm(file, directoryOf(foreseen, flags), foreseen, flags);
  }
  if (flags.dryRun) return dryRun(await foresee(options, flags), flags);
  if (flags.detach) return detach(directoryOf(await foresee(options, flags), flags), process.argv.slice(2));
  const prepared = await prepareRun(options);
  assertAccepted(prepared.notes, flags);
  await launchHere(prepared, flags);
}

async function launchHere(prepared: PreparedRun, flags: LaunchFlags): Promise<void> {
  const { config } = prepared;
  const dir = directoryOf(prepared, flags);
  if (isCheckpoint(flags.resume) && flags.branch === undefined) await assertOwnCheckpoint(dir, flags.resume);
  const venue = await openVenue(flags, prepared);
  const plan = planOf(prepared, venue, dir, flags);
  if (prepared.engine.notice) note(prepared.engine.notice);
  for (const text of venue.notes) note(text);
  sayNotes(prepared.notes);
  const { record, claim } = await claimed(dir, prepared, flags);
  try {
    if (venue.encrypted) makeKeys(keysOf(dir, flags));
    const rendezvousSeconds = flags.rendezvousTimeout;
    await superviseRun({ plan, venue, dir, config, record, claim, rendezvousSeconds });
  } finally {
    claim.release();
  }
}

async function claimed(dir: string, prepared: PreparedRun, flags: LaunchFlags): Promise<ClaimedRun> {
  const { config, record } = prepared;
  const { branch, resume } = flags;
  if (branch === undefined) return claimRunDirectory(dir, config, record, resumeOf(resume));
  const parent = await beginBranch(branch, dir, resume, prepared);
  return claimRunDirectory(dir, config, { ...record, parent }, 'none');
}

/** A branch begins once, with a checkpoint; where a job is queued again, it would begin again. */
function assertBranchable({ branch, resume, launcher }: LaunchFlags, isSubmitted: boolean): void {
  if (branch === undefined) return;
  const problem = (what: string, remedy: string) =>
    fleetError('DDPM_ERR_BRANCH', { name: branch, problem: what, remedy });
  if (!isCheckpoint(resume)) throw problem('it says not from where', 'Give --resume CHECKPOINT.');
  if (launcher === 'kubernetes' || isSubmitted)
    throw problem(
      'it would begin again with each start of the job',
      'Begin it with another launcher, --steps near the checkpoint’s, and go on with --resume auto-or-new.',
    );
}

async function dryRun(foreseen: ForeseenRun, flags: LaunchFlags): Promise<void> {
  const dir = directoryOf(foreseen, flags);
  const venue = await openVenue(flags, foreseen);
  printDryRun(foreseen, planOf(foreseen, venue, dir, flags), dir, flags.json === true);
}

async function foresee(options: PrepareOptions, flags: LaunchFlags): Promise<ForeseenRun> {
  const foreseen = await foreseeRun(options);
  assertAccepted(foreseen.notes, flags);
  return foreseen;
}

function directoryOf({ config }: ForeseenRun, flags: LaunchFlags): string {
  return resolve(flags.runDir ?? join('runs', config.name));
}

function planOf(run: ForeseenRun, venue: Venue, dir: string, flags: LaunchFlags): LaunchPlan {
  const { config, engine } = run;
  const { hosts, address, encrypted, port } = venue;
  const { threads } = config.engine;
  const workers = flags.workers?.max ?? Math.min(defaultWorkers(hosts, threads), config.batch.numSlots);
  const request = {
    ...{ dir, port, engine, threads },
    ...(address === undefined ? {} : { join: address }),
    ...(isCheckpoint(flags.resume) && flags.branch === undefined ? { from: checkpointOf(flags.resume) } : {}),
    insecure: flags.insecure === true,
    allowUnlike: flags.allowUnlike === true,
    reseal: flags.reseal === true,
  };
  const plan = planLaunch({
    ...{ runDir: dir, workers, hosts, threads, coordinatorHost: HERE, root: INSTALLATION },
    rendezvous: { encrypted, ...(address === undefined ? {} : { address }) },
    ...(encrypted ? { keyFiles: keyFilesIn(keysOf(dir, flags)) } : {}),
    entries: processEntries(request),
    env: processEnvironments(request),
  });
  const { workerBytes } = estimate(config, run.specs, run.image.size);
  return { ...plan, notes: [...plan.notes, ...gpuMemoryNotes(plan, workerBytes)] };
}

function keysOf(dir: string, { keys }: LaunchFlags): string {
  return keys === undefined ? runPaths(dir).keys : resolve(keys);
}

function checkpointOf(text: string): string {
  return text.startsWith('s3:') ? text : resolve(text);
}

function resumeOf(text: string): Resume {
  return isCheckpoint(text) ? 'auto' : (text as Resume);
}

function isCheckpoint(text: string): boolean {
  return !['none', 'auto', 'auto-or-new'].includes(text);
}
