import { bytes, print, printJson, printTable } from '../output.js';
import { estimate } from './estimate.js';
import type { PreparedRun } from './prepare.js';
import type { LaunchPlan } from '@ddpm-fleet/launcher';

/** What a run would be and need, without starting it. */
export function printDryRun(run: PreparedRun, plan: LaunchPlan, dir: string, json: boolean): void {
  const { config, record, engine, dataset } = run;
  const needs = estimate(config, run.specs, record.image.size);
  const workers = plan.workers.length;
  if (json) {
    return printJson({
      ...needs,
      workers,
      runDir: dir,
      identityHash: record.identityHash,
      record,
      config,
      plan,
    });
  }
  const epochSteps = record.datasetSize / config.batch.globalBatchSize;
  printTable(
    ['', ''],
    [
      ['run', `${config.name} in ${dir}`],
      [
        'data',
        `${dataset.name}: ${record.datasetSize} images of ${record.image.size}x${record.image.size}x${record.image.channels}, ${config.data.heldOut} held out`,
      ],
      ['parameters', needs.parameters.toLocaleString('en-US')],
      [
        'batch',
        `${config.batch.globalBatchSize} images a step: ${config.batch.numSlots} slots of ${config.batch.slotBatchSize}`,
      ],
      [
        'length',
        `${config.train.steps} steps, ${(config.train.steps / epochSteps).toFixed(1)} epochs of ${epochSteps.toFixed(1)} steps`,
      ],
      ['engine', `${engine.kind} ${engine.version}, ${config.engine.threads} thread(s) a worker`],
      ['workers', `${workers}`],
      ['memory a worker', `about ${bytes(needs.workerBytes)}, of which state ${bytes(needs.stateBytes)}`],
      [
        'wire',
        `${bytes(needs.wireBytesPerWorker)} a step and worker, ${bytes(needs.wireBytesPerWorker * workers)} through the coordinator`,
      ],
      ['disk', `${bytes(needs.checkpointBytes)} a checkpoint, up to ${bytes(needs.diskBytes)} kept`],
      ['identity', record.identityHash],
    ],
  );
  for (const text of plan.notes) print(text);
  print('');
  printTable(
    ['process', 'host', 'device'],
    [plan.coordinator, ...plan.workers].map((spec) => [spec.id, spec.host, describeDevice(spec.device)]),
  );
}

function describeDevice(device: LaunchPlan['coordinator']['device']): string {
  return device.kind === 'gpu' ? `GPU ${device.index}` : `CPU, ${device.threads} thread(s)`;
}
