import type { CheckpointStore } from '@ddpm-fleet/checkpoint';
import { runPaths } from '@ddpm-fleet/config';
import type { Effect, Event, RunOutcome, State } from '@ddpm-fleet/coordinator/parts';
import type { WorkerEffect, WorkerEvent } from '@ddpm-fleet/worker/parts';
import { Dice, MemoryNetwork, QUIET, VirtualClock, type Faults } from '@ddpm-fleet/transport';
import { pino, type Logger } from 'pino';
import { Disk, RUN_DIR, type Pace } from './disk.js';
import { Host } from './host.js';
import { Invariants } from './invariants.js';
import { SMALL_RUN, type ModelRun, type Replica } from './model.js';
import { Reference } from './reference.js';
import { configOf, recordOf, SETTINGS, type Settings } from './settings.js';
import { SimCoordinator } from './simCoordinator.js';
import { SimWorker } from './simWorker.js';

export interface TraceLine {
  readonly at: number;
  readonly event: Event;
  readonly effects: readonly Effect[];
}

export interface WorkerTraceLine {
  readonly at: number;
  readonly workerId: string;
  readonly event: WorkerEvent;
  readonly effects: readonly WorkerEffect[];
}

export interface SimulationOptions {
  readonly seed: number;
  readonly model?: ModelRun;
  readonly settings?: Partial<Settings>;
  readonly faults?: Partial<Faults>;
  readonly slotMs?: number;
  readonly prepareMs?: number;
  readonly saveMs?: number;
  /** At most, of anything that a worker's device does but slots. */
  readonly callMs?: number;
  /** At most, until images are there. */
  readonly readMs?: number;
  /** Workers compare their state with the undisturbed run's after every step. */
  readonly exact?: boolean;
  /** False: invariants are not checked. */
  readonly checked?: boolean;
  /** Sees the state of each life of the coordinator after every event. */
  readonly onState?: (state: State, event: Event) => void;
  readonly trace?: (line: TraceLine) => void;
  readonly workerTrace?: (line: WorkerTraceLine) => void;
  readonly log?: Logger;
}

const COORDINATOR = 'coordinator';
const PORT = 7000;
const STORE = runPaths(RUN_DIR).checkpoints;
const SILENT = pino({ level: 'silent' });
/** Whoever looks for a checkpoint lists them twice; that takes no longer than a save, and not for ever. */
const LONGEST_LIST_MS = 100;

/** A save waits for ten syncs, and lists three times what is there. */
function paceOf(saveMs: number): Pace {
  const listMs = Math.min(saveMs / 2, LONGEST_LIST_MS);
  return { listMs, syncMs: Math.max(0, saveMs - 3 * listMs) / 10 };
}

/** A fleet in one process: hosts that can be killed, frozen and cut off, and time that is told to pass. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly disk: Disk;
  readonly invariants = new Invariants();
  readonly settings: Settings;
  readonly reference: Reference;
  readonly workers = new Map<string, SimWorker>();
  /** Milliseconds a slot of each worker. */
  readonly pace = new Map<string, number>();
  readonly ends = new Map<string, string>();
  readonly #options: SimulationOptions;
  readonly #model: ModelRun;
  coordinator: SimCoordinator | undefined;
  outcome: RunOutcome | undefined;
  #incarnations = 0;
  #eventsBefore = 0;
  #lives = 0;
  /** What must not happen and did. */
  #failure: Error | undefined;
  /** The newest state that some worker reached, and whether it is the undisturbed run's. */
  newest = { globalStep: 0, isUndisturbed: false };
  /** Workers compare their state with the undisturbed run's after every step. */
  exact: boolean;
  /**
   * A damaged replica was replaced before it was compared, or no other one is left to compare it with: the run's
   * weights may be other ones.
   */
  unnoticed = false;
  readonly #damagedStates = new Set<string>();

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.exact = options.exact ?? true;
    this.#model = options.model ?? SMALL_RUN;
    this.settings = { ...SETTINGS, ...options.settings };
    this.reference = Reference.of(this.#model);
    const faults = {
      ...QUIET,
      delayMs: [0.1, 2],
      noticeMs: [1, 10],
      reconnectMs: 100,
      // Control planes keep their order and repeat nothing, as TCP does.
      looseAddress: `tcp://127.0.0.1:${PORT + 1}`,
      ...options.faults,
    } as const;
    this.network = new MemoryNetwork({ seed: options.seed, clock: this.clock, faults });
    this.disk = new Disk(this.clock, new Dice(options.seed ^ 0xd15c), paceOf(options.saveMs ?? 5));
  }

  get events(): number {
    return this.#eventsBefore + (this.coordinator?.events ?? 0);
  }

  startCoordinator(): void {
    const { settings } = this;
    const { gatherMs } = settings;
    const coordinator = new SimCoordinator({
      config: configOf(this.#model, settings),
      record: recordOf(this.#model, settings),
      ...(gatherMs !== undefined && { gatherMs }),
      host: new Host(`${COORDINATOR}.${++this.#lives}`, this.clock),
      transport: this.network.transport(COORDINATOR),
      disk: this.disk,
      port: PORT,
      log: this.#options.log ?? SILENT,
      onTurn: (state, event, effects) => this.#onTurn(coordinator, state, event, effects),
    });
    this.coordinator = coordinator;
    void this.#open(coordinator.open());
  }

  /**
   * @param powerLoss what was not durable yet is gone, too
   * @param kept how much of what was not durable happens to be on the disk all the same
   */
  killCoordinator(powerLoss = false, kept: (count: number) => number = () => 0): void {
    this.#eventsBefore = this.events;
    this.coordinator?.host.die();
    this.coordinator = undefined;
    this.network.crash(COORDINATOR);
    if (powerLoss) this.disk.losePower(kept);
  }

  /** The coordinator dies in the middle of what it does, when it has done so much more that others can see. */
  crashCoordinatorAfter(actions: number, onCrash: () => void): void {
    const { coordinator } = this;
    coordinator?.host.dieAfter(actions, () => {
      if (coordinator !== this.coordinator) return;
      this.killCoordinator();
      onCrash();
    });
  }

  join(
    workerId: string,
    changes: { slotMs?: number; prepareMs?: number; sharesDisk?: boolean } = {},
  ): SimWorker {
    this.pace.set(workerId, changes.slotMs ?? this.#options.slotMs ?? 20);
    const incarnation = ++this.#incarnations;
    const host = new Host(`${workerId}.${incarnation}`, this.clock);
    const { callMs = 0, readMs = 0 } = this.#options;
    const { dice } = this.network;
    const worker = new SimWorker({
      workerId,
      incarnation,
      model: this.#model,
      host,
      transport: this.network.transport(workerId),
      addresses: { control: `tcp://127.0.0.1:${PORT}`, data: `tcp://127.0.0.1:${PORT + 1}` },
      prepareMs: changes.prepareMs ?? this.#options.prepareMs ?? 300,
      slotMs: () => this.pace.get(workerId)! * (0.9 + 0.2 * dice.roll()),
      callMs: () => (callMs > 0 ? callMs * dice.roll() : 0),
      readMs: () => (readMs > 0 ? readMs * dice.roll() : 0),
      storeLocation: STORE,
      openStore: (location) => {
        if (changes.sharesDisk === false) throw new Error('the store is out of reach');
        return this.disk.store(location, host);
      },
      onTurn: (event, effects) =>
        this.#options.workerTrace?.({ at: this.clock.now, workerId, event, effects }),
      guard: (check) => {
        if (this.#options.checked !== false) this.#guard(check, workerId);
      },
      count: (invariant) => this.invariants.checks[invariant]++,
      onState: (replica) => this.#guard(() => this.#look(workerId, replica)),
      damagedStates: this.#damagedStates,
      onUnnoticed: () => (this.unnoticed = true),
      onEnd: (reason) => this.ends.set(workerId, reason),
    });
    this.workers.set(workerId, worker);
    void this.#open(worker.open());
    return worker;
  }

  kill(workerId: string): void {
    this.workers.get(workerId)?.die();
    this.workers.delete(workerId);
    this.network.crash(workerId);
  }

  /** The worker dies when it has sent so many more frames; what it sent still arrives, as from a socket's buffer. */
  killAfterFrames(workerId: string, frames: number, onDeath: () => void): void {
    const worker = this.workers.get(workerId);
    worker?.host.dieAfter(frames, () => {
      worker.die();
      this.workers.delete(workerId);
      void this.network.transport(workerId).close();
      onDeath();
    });
  }

  /** The connection of the worker's data plane breaks under the next frame that it sends. */
  breakData(workerId: string): void {
    this.network.breakUnderNext(workerId, `tcp://127.0.0.1:${PORT + 1}`);
  }

  breakControl(workerId: string): void {
    this.network.breakUnderNext(workerId, `tcp://127.0.0.1:${PORT}`);
  }

  /** The network between a worker and the coordinator. */
  cut(workerId: string): void {
    this.network.cut(workerId, COORDINATOR);
  }

  mend(workerId: string): void {
    this.network.mend(workerId, COORDINATOR);
  }

  async advance(ms: number): Promise<void> {
    await this.runUntil(() => false, ms);
  }

  /** Lets time pass until it holds or the milliseconds are over. Returns whether it holds. */
  async runUntil(holds: () => boolean, ms: number): Promise<boolean> {
    const until = this.clock.now + ms;
    let over = false;
    this.clock.after(ms, () => (over = true));
    while (!over && this.clock.now <= until) {
      await this.#settled();
      if (holds()) return true;
      if (!this.clock.step()) break;
    }
    return holds();
  }

  get finished(): boolean {
    return this.outcome !== undefined;
  }

  /**
   * Lets promises come to rest before time goes on: whatever follows from a moment happens in it. Ticks come when no
   * promise has anything left to do; nothing here waits for anything but promises and the simulation's clock.
   */
  async #settled(): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    if (this.#failure) throw this.#failure;
  }

  async #open(opened: Promise<void>): Promise<void> {
    await opened.catch((error: Error) => (this.#failure ??= error));
  }

  #onTurn(coordinator: SimCoordinator, state: State, event: Event, effects: readonly Effect[]): void {
    this.#guard(() => {
      if (this.#options.checked !== false) this.#check(coordinator, state, event, effects);
    });
    this.#options.onState?.(state, event);
    this.#options.trace?.({ at: this.clock.now, event, effects });
    const finished = effects.find(({ type }) => type === 'finished');
    if (finished?.type !== 'finished') return;
    this.outcome = finished.outcome;
    coordinator.host.dieAfter(Infinity, () => undefined);
  }

  /** What is found must end the simulation, though a shell may take it for a failure of its own. */
  #guard(check: () => void, workerId?: string): void {
    try {
      check();
    } catch (error) {
      const { message } = error as Error;
      this.#failure ??= new Error(workerId ? `${workerId}: ${message}` : message, { cause: error });
      throw error;
    }
  }

  #check(coordinator: SimCoordinator, state: State, event: Event, effects: readonly Effect[]): void {
    if (coordinator.events === 1) this.invariants.begin(state);
    this.invariants.check(state, event, effects);
    if (event.type !== 'saved' || !this.exact) return;
    this.invariants.checks['checkpoint equals the undisturbed run']++;
    if (event.digest === this.reference.at(event.globalStep)) return;
    throw new Error(`the checkpoint of step ${event.globalStep} is not that of an undisturbed run`);
  }

  /** The run's checkpoints, as somebody looks at them afterwards. */
  get store(): CheckpointStore {
    return this.disk.store(STORE, new Host('onlooker', this.clock));
  }

  #look(workerId: string, replica: Replica): void {
    if (this.#options.checked === false) return;
    const level = [...this.workers.values()].filter(({ isLevel }) => isLevel);
    if (level.length > 0 && level.every(({ damaged }) => damaged)) this.unnoticed = true;
    const { globalStep } = replica;
    const isUndisturbed = this.reference.equals(replica);
    if (globalStep >= this.newest.globalStep) this.newest = { globalStep, isUndisturbed };
    if (!this.exact) return;
    this.invariants.checks['replica equals the undisturbed run']++;
    if (isUndisturbed) return;
    throw new Error(`${workerId} has another state at step ${globalStep} than an undisturbed run`);
  }
}
