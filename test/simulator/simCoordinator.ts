import type { RunConfig, RunRecord } from '@ddpm-fleet/config';
import { DirectSaver } from '@ddpm-fleet/checkpoint/memory';
import {
  InlineReducer,
  startCoordinator,
  type Effect,
  type Event,
  type RunningCoordinator,
  type State,
  type Surroundings,
} from '@ddpm-fleet/coordinator/parts';
import type { Transport } from '@ddpm-fleet/transport';
import type { Logger } from 'pino';
import { RUN_DIR, type Disk } from './disk.js';
import type { Host } from './host.js';

export interface SimCoordinatorOptions {
  readonly config: RunConfig;
  readonly record: RunRecord;
  readonly gatherMs?: number;
  readonly host: Host;
  readonly transport: Transport;
  readonly disk: Disk;
  readonly port: number;
  readonly log: Logger;
  readonly onTurn: (state: State, event: Event, effects: readonly Effect[]) => void;
}

/** One life of the real coordinator, in a simulated process. */
export class SimCoordinator {
  readonly host: Host;
  readonly #options: SimCoordinatorOptions;
  #running: RunningCoordinator | undefined;
  #state: State | undefined;
  /** The run has ended, and everything of this life is closed. */
  isClosed = false;
  events = 0;

  constructor(options: SimCoordinatorOptions) {
    this.host = options.host;
    this.#options = options;
  }

  /** Undefined until its first event. */
  get state(): State | undefined {
    return this.#state;
  }

  /** @throws what the real one does */
  async open(): Promise<void> {
    const { host, transport, disk, ...options } = this.#options;
    const onTurn = (state: State, event: Event, effects: readonly Effect[]): void =>
      this.#onTurn(state, event, effects);
    this.#running = await startCoordinator(
      { ...options, runDir: RUN_DIR, transport: host.transport(transport), observer: { onTurn } },
      surroundingsOf(host, disk),
    );
    void this.#running.outcome.then(() => (this.isClosed = true));
  }

  stop(reason: string): void {
    this.host.reach(() => this.#running?.stop(reason));
  }

  /** What a dead process goes through is seen by nobody. */
  #onTurn(state: State, event: Event, effects: readonly Effect[]): void {
    if (!this.host.isAlive) return;
    this.#state = state;
    this.events++;
    this.#options.onTurn(state, event, effects);
  }
}

function surroundingsOf(host: Host, disk: Disk): Surroundings {
  const openStore = (location: string) => disk.store(location, host);
  return {
    host: host.name,
    pid: 1,
    clock: host.clock,
    date: () => new Date(disk.dateMs()),
    files: disk.files(host),
    openStore,
    openSaver: (location, retention) =>
      new DirectSaver(openStore(location), retention, disk.averages(location, host)),
    makeReducer: (options, handlers) => new InlineReducer(options, handlers),
  };
}
