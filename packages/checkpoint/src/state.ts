import {
  compareProfiles,
  fleetError,
  mapState,
  sectionsOf,
  type EmaProfile,
  type Note,
  type ParamLayout,
  type TrainState,
} from '@ddpm-fleet/core';

/** Where the state comes from: what a resume compares before it goes on, and what a reader wants to know. */
export interface SnapshotMeta {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Identity settings, path -> value. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly identityHash: string;
  readonly datasetHash: string;
  /** What it was trained on, for people. */
  readonly dataset?: { readonly name: string; readonly licence?: string };
  /** What was said of data and settings when the run was launched. */
  readonly notes?: readonly Note[];
  /** What computed it: kind, version, device, threads, as the engine describes itself. */
  readonly engine: Readonly<Record<string, unknown>>;
  readonly configYaml: string;
  /** The checkpoint of another run that this one began with; `changed`: settings, path -> [there, here]. */
  readonly parent?: {
    readonly runId: string;
    readonly globalStep: number;
    readonly digest: string;
    readonly changed: Readonly<Record<string, readonly [unknown, unknown]>>;
  };
  /** The journal's last line when the state was taken, so that a journal cut short is found. */
  readonly journalHead?: { readonly line: number; readonly hash: string };
  /** `heldOut` decides which checkpoints are best. */
  readonly losses: { readonly train?: number; readonly heldOut?: number };
}

/** One checkpoint in memory. */
export interface Snapshot {
  readonly state: TrainState;
  readonly layout: ParamLayout;
  readonly meta: SnapshotMeta;
}

/** Which weights: the trained ones, or an average. */
export type WeightsName = 'raw' | EmaProfile;

/** @throws DDPM_ERR_CHECKPOINT_STATE when a buffer has another size than the layout, or an order is wrong */
export function assertState(state: TrainState, layout: ParamLayout): void {
  const fail = (detail: string): never => {
    throw fleetError('DDPM_ERR_CHECKPOINT_STATE', { detail });
  };
  if (!Number.isSafeInteger(state.globalStep) || state.globalStep < 0)
    fail(`globalStep is ${state.globalStep}`);
  for (const { key, name, values } of sectionsOf(state)) {
    if (key.part !== 'derived' && values.length !== layout.size)
      fail(`${name} has ${values.length} elements, the layout ${layout.size}`);
  }
  if (!ascends(state.emas, compareProfiles)) fail('EMAs do not ascend by decay, then by width');
  if (!ascends(state.derived, (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))))
    fail('derived state does not ascend by name');
}

/** A state of the same shape with room for `like`; `allocate` gives the memory of each buffer. */
export function emptyLike(like: TrainState, allocate: (length: number) => Float32Array): TrainState {
  return mapState(like, ({ values }) => allocate(values.length));
}

/** Every buffer of a state, in the order of the digest. */
export function buffersOf(state: TrainState): Float32Array[] {
  return sectionsOf(state).map(({ values }) => values);
}

function ascends<T>(values: readonly T[], compare: (a: T, b: T) => number): boolean {
  return values.every((value, i) => i === 0 || compare(values[i - 1]!, value) < 0);
}
