import { hostname } from 'node:os';
import {
  AsyncSaver,
  openStore,
  type CheckpointStore,
  type RetentionPolicy,
  type Saver,
} from '@ddpm-fleet/checkpoint';
import type { SharedMemory } from '@ddpm-fleet/engine/segments';
import { wallClock, type Clock } from '@ddpm-fleet/transport';
import type { Reducer, ReducerHandlers, ReducerOptions } from '../reducer/reducer.js';
import { ThreadReducer } from '../reducer/threadReducer.js';
import { nodeFiles, type Files } from './files.js';

/** What a coordinator stands on, but for the network: a simulation puts something else there. */
export interface Surroundings {
  readonly host: string;
  readonly pid: number;
  /** Never goes back. */
  readonly clock: Clock;
  /** The time of day, for people; it may jump. */
  readonly date: () => Date;
  readonly files: Files;
  /** @throws DDPM_ERR_STORE_LOCATION */
  readonly openStore: (location: string) => CheckpointStore;
  /** @throws DDPM_ERR_STORE_LOCATION */
  readonly openSaver: (location: string, retention: RetentionPolicy) => Saver;
  /** Memory that can be shared with workers; absent where payloads always go through sockets. */
  readonly memory?: SharedMemory;
  readonly makeReducer: (options: ReducerOptions, handlers: ReducerHandlers) => Reducer;
}

/** This process on this machine. */
export const realSurroundings: Surroundings = {
  host: hostname(),
  pid: process.pid,
  clock: wallClock,
  date: () => new Date(),
  files: nodeFiles,
  openStore: (location) => openStore(location),
  openSaver: (location, retention) => new AsyncSaver(location, { retention }),
  makeReducer: (options, handlers) => new ThreadReducer(options, handlers),
};

/** Where sums and roots lie in memory that workers of this host have mapped. */
export function sharingSurroundings(memory: SharedMemory): Surroundings {
  const makeReducer: Surroundings['makeReducer'] = (options, handlers) =>
    new ThreadReducer(options, handlers, memory.addonPath);
  return { ...realSurroundings, memory, makeReducer };
}
