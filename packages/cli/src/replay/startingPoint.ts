import { openStore, type CheckpointStore } from '@ddpm-fleet/checkpoint';
import { isFleetError, type TrainState } from '@ddpm-fleet/core';
import { note } from '../output.js';
import type { History } from './history.js';

export interface StartingPoint {
  /** `step-00001000`, or `the seed`. */
  readonly name: string;
  readonly globalStep: number;
  /** Absent: the state of step 0, from the seed. */
  readonly state?: TrainState;
  /** What computed it. */
  readonly engine?: Readonly<Record<string, unknown>>;
}

/** The newest checkpoint at or before `step` that is whole and is the one that the journal knows; else the seed. */
export async function startingPoint(
  location: string,
  step: number,
  { checkpoints }: Pick<History, 'checkpoints'>,
): Promise<StartingPoint> {
  const store = openStore(location);
  for (const { globalStep, name, manifest } of await store.list()) {
    if (globalStep > step || !manifest) continue;
    if (checkpoints.has(globalStep) && checkpoints.get(globalStep) !== manifest.digest) {
      note(`${name} is not the one that the journal knows; an older one is used`);
      continue;
    }
    const point = await load(store, globalStep, name);
    if (point) return point;
  }
  return { name: 'the seed', globalStep: 0 };
}

async function load(
  store: CheckpointStore,
  globalStep: number,
  name: string,
): Promise<StartingPoint | undefined> {
  try {
    const { snapshot } = await store.load(globalStep);
    return { name, globalStep, state: snapshot.state, engine: snapshot.meta.engine };
  } catch (error) {
    if (!isFleetError(error)) throw error;
    note(`${name} cannot be used: ${error.message}`);
    return undefined;
  }
}
