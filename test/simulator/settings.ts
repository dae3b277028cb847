import { createHash } from 'node:crypto';
import { loadConfig, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { layoutOf, type ModelRun } from './model.js';

/** What a simulated run can be told, by short names; all else is as in every run. */
export interface Settings {
  readonly steps: number;
  readonly onNonFinite: 'stop' | 'skip';
  readonly maxNonFinite: number;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly stragglerFactor: number;
  readonly fingerprintEvery: number;
  readonly heldOutEvery: number;
  readonly checkpointEverySteps: number;
  /** Whole seconds. */
  readonly checkpointEveryMs: number;
  readonly checkpointWriters: number;
  /** Left out: no grid. */
  readonly gridEverySteps?: number;
  readonly judgeCheckpoints: boolean;
  /** Left out: no snapshots of averages. */
  readonly snapshotEverySteps?: number;
  readonly keepLast: number;
  /** Left out: what a coordinator takes by itself. */
  readonly gatherMs?: number;
  /** Left out: that of the model. */
  readonly layoutHash?: string;
}

export const SETTINGS: Settings = {
  steps: 20,
  onNonFinite: 'stop',
  maxNonFinite: 0,
  minWorkers: 1,
  maxWorkers: 2000,
  heartbeatMs: 250,
  livenessMs: 1500,
  stragglerFactor: 4,
  fingerprintEvery: 5,
  heldOutEvery: 10,
  checkpointEverySteps: 7,
  checkpointEveryMs: 0,
  checkpointWriters: 0,
  judgeCheckpoints: false,
  keepLast: 1000,
};

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What every process of the fleet agrees on. */
export const FACTS = { identityHash: hex('identity'), datasetHash: hex('data'), deviceKind: 'model' };

const DEFAULTS = loadConfig({ env: {} });

export function configOf(model: ModelRun, settings: Settings): RunConfig {
  const { numSlots, slotBatchSize, wireDtype, bucketBytes, numTimesteps } = model;
  const { steps, onNonFinite, maxNonFinite, heldOutEvery, judgeCheckpoints } = settings;
  const { minWorkers, maxWorkers, heartbeatMs, livenessMs, stragglerFactor, fingerprintEvery } = settings;
  const { checkpointEverySteps, checkpointEveryMs, checkpointWriters, keepLast } = settings;
  const { snapshotEverySteps: snapshotEvery = 0 } = settings;
  return {
    ...DEFAULTS,
    ema: { ...DEFAULTS.ema, snapshotEvery, power: snapshotEvery > 0 ? [0.1] : [] },
    data: { ...DEFAULTS.data, heldOut: heldOutEvery > 0 || judgeCheckpoints ? 4 : 0 },
    diffusion: { ...DEFAULTS.diffusion, numTimesteps },
    batch: { numSlots, slotBatchSize, globalBatchSize: numSlots * slotBatchSize },
    train: { steps, onNonFinite, maxNonFinite },
    fleet: {
      ...DEFAULTS.fleet,
      ...{ minWorkers, maxWorkers, heartbeatMs, livenessMs, stragglerFactor, fingerprintEvery },
      ...{ wireDtype, bucketBytes },
    },
    checkpoint: {
      ...DEFAULTS.checkpoint,
      everySteps: checkpointEverySteps,
      everySeconds: checkpointEveryMs / 1000,
      writers: checkpointWriters,
      keepLast,
      keepBest: judgeCheckpoints ? 1 : 0,
    },
    samples: { ...DEFAULTS.samples, everySteps: settings.gridEverySteps ?? 0 },
    log: { ...DEFAULTS.log, everySteps: 1, heldOutEvery },
  };
}

export function recordOf(model: ModelRun, { layoutHash = layoutOf(model).hash }: Settings): RunRecord {
  return {
    runId: 'simulated',
    identity: {},
    identityHash: FACTS.identityHash,
    datasetHash: FACTS.datasetHash,
    datasetSize: 100,
    image: { size: 1, channels: 1 },
    layoutHash,
    parameterCount: model.size,
    engine: { kind: 'wasm', version: '1' },
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}
