import { dirname } from 'node:path';
import { bytes, print, printJson, printTable } from '../output.js';
import { estimate } from './estimate.js';
import type { ForeseenRun } from './preparedRun.js';
import type { LaunchPlan } from '@ddpm-fleet/launcher';

/** What a run would be and need, without starting it. */
export function printDryRun(run: ForeseenRun, plan: LaunchPlan, dir: string, json: boolean): void {
  const { config, engine, record } = run;
  const needs = estimate(config, run.specs, run.image.size);
  const workers = plan.workers.length;
  if (json) {
    const identityHash = record?.identityHash ?? null;
    return printJson({
      ...needs,
      workers,
      runDir: dir,
      identityHash,
      record: record ?? null,
      notes: run.notes,
      config,
      plan,
    });
  }
  printTable(
    ['', ''],
    [
      ['run', `${config.name} in ${dir}`],
      ['data', describeData(run)],
      ['parameters', needs.parameters.toLocaleString('en-US')],
      [
        'batch',
        `${config.batch.globalBatchSize} images a step: ${config.batch.numSlots} slots of ${config.batch.slotBatchSize}`,
      ],
      ['length', describeLength(run)],
      ['engine', `${engine.kind} ${engine.version}, ${config.engine.threads} thread(s) a worker`],
      ['workers', `${workers}`],
      ['rendezvous', describeRendezvous(plan)],
      ['memory a worker', `about ${bytes(needs.workerBytes)}, of which state ${bytes(needs.stateBytes)}`],
      [
        'wire',
        `${bytes(needs.wireBytesPerWorker)} a step and worker, ${bytes(needs.wireBytesPerWorker * workers)} through the coordinator`,
      ],
      ['disk', `${bytes(needs.checkpointBytes)} a checkpoint, up to ${bytes(needs.diskBytes)} kept`],
      ...averagesRow(config, needs.averagesBytes),
      ['identity', record?.identityHash ?? 'unknown without the data'],
    ],
  );
  for (const text of plan.notes) print(text);
  for (const { text, code } of run.notes) print(`note: ${text} [${code}]`);
  print('');
  printTable(
    ['process', 'host', 'device'],
    [plan.coordinator, ...plan.workers].map((spec) => [spec.id, spec.host, describeDevice(spec.device)]),
  );
}

function averagesRow({ ema, train }: ForeseenRun['config'], total: number): string[][] {
  if (total === 0) return [];
  const snapshots = Math.ceil(train.steps / ema.snapshotEvery);
  return [['averages', `${bytes(total)} in ${snapshots} snapshots (${ema.snapshotType}), kept for ever`]];
}

function describeRendezvous({ rendezvous, coordinator }: LaunchPlan): string {
  const where = rendezvous.address ?? 'on this host, by the run directory';
  if (!rendezvous.encrypted) return `${where}, plain TCP`;
  return `${where}, CURVE with keys in ${dirname(coordinator.keyFile!)}`;
}

function describeData({ config, image, record, dataset }: ForeseenRun): string {
  const shape = `${image.size}x${image.size}x${image.channels}`;
  if (!record || !dataset) return `not found at ${config.data.path}: images of ${shape} are expected there`;
  return `${dataset.name}: ${record.datasetSize} images of ${shape}, ${config.data.heldOut} held out`;
}

function describeLength({ config, record }: ForeseenRun): string {
  const { steps } = config.train;
  if (!record) return `${steps} steps; the length of an epoch is unknown without the data`;
  const epochSteps = record.datasetSize / config.batch.globalBatchSize;
  return `${steps} steps, ${(steps / epochSteps).toFixed(1)} epochs of ${epochSteps.toFixed(1)} steps`;
}

function describeDevice(device: LaunchPlan['coordinator']['device']): string {
  return device.kind === 'gpu'
    ? `GPU ${device.id}${device.name === undefined ? '' : `, ${device.name}`}`
    : `CPU, ${device.threads} thread(s)`;
}
