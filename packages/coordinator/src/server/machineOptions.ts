import { bucketsOf } from '@ddpm-fleet/core';
import type { MachineOptions } from '../machine/index.js';
import type { CoordinatorOptions } from '../options.js';

/** How many liveness limits a coordinator that was started again waits for workers with the state. */
const GATHER_PATIENCE = 2;

export function machineOptions(options: CoordinatorOptions): MachineOptions {
  const { config, record, allowUnlike = false, gatherMs } = options;
  const { fleet, train, checkpoint, batch, ema, log, samples } = config;
  return {
    runId: record.runId,
    identityHash: record.identityHash,
    datasetHash: record.datasetHash,
    layoutHash: record.layoutHash,
    bucketSizes: bucketsOf(record.parameterCount, fleet.bucketBytes).map(({ start, end }) => end - start),
    wireDtype: fleet.wireDtype,
    numSlots: batch.numSlots,
    slotBatchSize: batch.slotBatchSize,
    steps: train.steps,
    maxAverages: ema.decays.length + ema.power.length,
    onNonFinite: train.onNonFinite,
    maxNonFinite: train.maxNonFinite,
    minWorkers: fleet.minWorkers,
    maxWorkers: fleet.maxWorkers,
    allowUnlike,
    heartbeatMs: fleet.heartbeatMs,
    livenessMs: fleet.livenessMs,
    stragglerFactor: fleet.stragglerFactor,
    graceMs: fleet.graceSeconds * 1000,
    fingerprintEvery: fleet.fingerprintEvery,
    heldOutEvery: config.data.heldOut > 0 ? log.heldOutEvery : 0,
    checkpointEverySteps: checkpoint.everySteps,
    gridEverySteps: samples.everySteps,
    snapshotEverySteps: ema.power.length > 0 ? ema.snapshotEvery : 0,
    checkpointEveryMs: checkpoint.everySeconds * 1000,
    checkpointWriters: checkpoint.writers,
    judgeCheckpoints: checkpoint.keepBest > 0 && config.data.heldOut > 0,
    gatherMs: gatherMs ?? GATHER_PATIENCE * fleet.livenessMs,
  };
}
