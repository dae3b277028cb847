/** What the machine must know of a run and its fleet. Constant. */
export interface MachineOptions {
  readonly runId: string;
  readonly identityHash: string;
  readonly datasetHash: string;
  readonly layoutHash: string;
  /** Elements of each bucket of the gradient. */
  readonly bucketSizes: readonly number[];
  readonly wireDtype: 'float32' | 'bfloat16';
  readonly numSlots: number;
  readonly slotBatchSize: number;
  /** The run ends when globalStep is this. */
  readonly steps: number;
  /** Averages of the weights that a state has. */
  readonly maxAverages: number;
  readonly onNonFinite: 'stop' | 'skip';
  readonly maxNonFinite: number;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly allowUnlike: boolean;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly stragglerFactor: number;
  readonly graceMs: number;
  /** Steps; 0: never. */
  readonly fingerprintEvery: number;
  readonly heldOutEvery: number;
  readonly checkpointEverySteps: number;
  /** A sample grid is drawn of each multiple, of a checkpoint of its own; absent or 0: none. */
  readonly gridEverySteps?: number;
  /** The power averages of these steps, and of the last, are kept for ever; absent or 0: none. */
  readonly snapshotEverySteps?: number;
  /** Milliseconds; 0: never. */
  readonly checkpointEveryMs: number;
  /** Members that write a checkpoint together; 0: the coordinator writes it. */
  readonly checkpointWriters: number;
  /** Which checkpoints stay depends on their held-out loss, so each needs one. */
  readonly judgeCheckpoints: boolean;
  /** How long a coordinator that found a broken-off run waits for workers that may still hold its state. */
  readonly gatherMs: number;
}
