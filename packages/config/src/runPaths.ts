import { join } from 'node:path';
import type { Note } from '@ddpm-fleet/core';
import type { RunConfig } from './types.js';

/** Where a run keeps what, inside its directory. */
export interface RunPaths {
  readonly dir: string;
  /** The resolved config, identity and operational settings apart. */
  readonly config: string;
  /** `RunRecord` as JSON. */
  readonly record: string;
  readonly journal: string;
  /** Number and hash of the journal's last line, as last noted: what finds a tail that was cut off. */
  readonly journalHead: string;
  /** Where time went, as measured: lines of JSON beside the journal. */
  readonly measures: string;
  /** Event files for TensorBoard. */
  readonly tensorboard: string;
  /** What the journal's lines are sealed with; secret. */
  readonly sealKey: string;
  readonly checkpoints: string;
  readonly samples: string;
  readonly logs: string;
  readonly keys: string;
  /** Who owns the run. */
  readonly claims: string;
  /** Where somebody asks the running coordinator for something. */
  readonly requests: string;
  /** Present while a coordinator runs: its addresses and pid, as JSON. */
  readonly live: string;
}

export function runPaths(dir: string): RunPaths {
  return {
    dir,
    config: join(dir, 'config.yaml'),
    record: join(dir, 'run.json'),
    journal: join(dir, 'journal.ndjson'),
    journalHead: join(dir, 'journal.head'),
    measures: join(dir, 'measures.ndjson'),
    tensorboard: join(dir, 'tensorboard'),
    sealKey: join(dir, 'seal.key'),
    checkpoints: join(dir, 'checkpoints'),
    samples: join(dir, 'samples'),
    logs: join(dir, 'logs'),
    keys: join(dir, 'keys'),
    claims: join(dir, 'claims'),
    requests: join(dir, 'requests'),
    live: join(dir, 'live.json'),
  };
}

/** Where the checkpoints of a run lie: a directory or s3://bucket/prefix. */
export function checkpointLocation(config: Pick<RunConfig, 'checkpoint'>, runDir: string): string {
  return config.checkpoint.store || runPaths(runDir).checkpoints;
}

/** The checkpoint of another run that a run began with. */
export interface Parent {
  readonly runId: string;
  readonly globalStep: number;
  /** Of the state. */
  readonly digest: string;
  /** Where it was. */
  readonly checkpoint: string;
  /** Identity settings that are others here: path -> [there, here]. */
  readonly changed: Readonly<Record<string, readonly [unknown, unknown]>>;
}

/** What launch finds out once and every process of the run relies on. */
export interface RunRecord {
  readonly runId: string;
  readonly identity: Readonly<Record<string, unknown>>;
  readonly identityHash: string;
  readonly datasetHash: string;
  /** For people who meet the weights later; absent in records of runs that an older release began. */
  readonly dataset?: { readonly name: string; readonly licence?: string };
  /** What was noted at the newest launch; absent in records that an older release wrote. */
  readonly notes?: readonly Note[];
  /** Images trained on: those of the data set less the held-out ones. */
  readonly datasetSize: number;
  readonly image: { readonly size: number; readonly channels: number };
  readonly layoutHash: string;
  readonly parameterCount: number;
  readonly engine: { readonly kind: 'tensorflow' | 'wasm'; readonly version: string };
  readonly createdAt: string;
  /** Of a run that is a branch. */
  readonly parent?: Parent;
}
