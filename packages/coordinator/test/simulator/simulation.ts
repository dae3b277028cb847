import { createHash } from 'node:crypto';
import { bucketsOf } from '@ddpm-fleet/core';
import type { TrainState } from '@ddpm-fleet/core';
import { runKey } from '@ddpm-fleet/protocol';
import { MemoryNetwork, QUIET, VirtualClock, type Faults } from '@ddpm-fleet/transport';
import type { Effect, Event, MachineOptions, Outcome } from '../../src/machine/index.js';
import { Invariants } from './invariants.js';
import { Disk } from './memoryJournal.js';
import { digestOf, LAYOUT, Reference, Replica, SMALL_RUN, type ModelRun } from './model.js';
import { ModelWorker } from './modelWorker.js';
import { SimCoordinator } from './simCoordinator.js';

export interface TraceLine {
  readonly at: number;
  readonly event: Event;
  readonly effects: readonly Effect[];
}

export interface SimulationOptions {
  readonly seed: number;
  readonly model?: ModelRun;
  readonly machine?: Partial<MachineOptions>;
  readonly faults?: Partial<Faults>;
  readonly slotMs?: number;
  readonly prepareMs?: number;
  readonly saveMs?: number;
  /** Workers compare their state with the undisturbed run's after every step. */
  readonly exact?: boolean;
  /** False: invariants are not checked. */
  readonly checked?: boolean;
  readonly trace?: (line: TraceLine) => void;
}

const COORDINATOR = 'coordinator';
const PORT = 7000;
const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const FACTS = { identityHash: hex('identity'), datasetHash: hex('data'), deviceKind: 'model' };

export function machineFor(model: ModelRun, changes: Partial<MachineOptions>): MachineOptions {
  return {
    runId: 'simulated',
    identityHash: FACTS.identityHash,
    datasetHash: FACTS.datasetHash,
    layoutHash: LAYOUT(model).hash,
    bucketSizes: bucketsOf(model.size, model.bucketBytes).map(({ start, end }) => end - start),
    wireDtype: model.wireDtype,
    numSlots: model.numSlots,
    slotBatchSize: model.slotBatchSize,
    steps: 20,
    onNonFinite: 'stop',
    maxNonFinite: 0,
    minWorkers: 1,
    maxWorkers: 2000,
    allowUnlike: false,
    heartbeatMs: 250,
    livenessMs: 1500,
    stragglerFactor: 4,
    graceMs: 30_000,
    fingerprintEvery: 5,
    heldOutEvery: 10,
    checkpointEverySteps: 7,
    checkpointWriters: 0,
    judgeCheckpoints: false,
    checkpointEveryMs: 0,
    gatherMs: 3000,
    ...changes,
  };
}

/** A fleet in one process: hosts that can be killed, frozen and cut off, and time that is told to pass. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly disk = new Disk();
  readonly invariants = new Invariants();
  readonly machine: MachineOptions;
  readonly reference: Reference;
  readonly workers = new Map<string, ModelWorker>();
  /** Milliseconds a slot of each worker. */
  readonly pace = new Map<string, number>();
  readonly ends = new Map<string, string>();
  readonly #options: SimulationOptions;
  readonly #model: ModelRun;
  coordinator: SimCoordinator | undefined;
  outcome: Outcome | undefined;
  #incarnations = 0;
  #opening = 0;
  #eventsBefore = 0;
  /** Digest of the newest state that some worker reached. */
  newest = { globalStep: 0, digest: '' };
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
    this.machine = machineFor(this.#model, options.machine ?? {});
    this.reference = new Reference(this.#model);
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
  }

  get events(): number {
    return this.#eventsBefore + (this.coordinator?.events ?? 0);
  }

  startCoordinator(): void {
    const { trace, saveMs = 5, checked = true } = this.#options;
    this.coordinator = new SimCoordinator({
      machine: this.machine,
      model: this.#model,
      disk: this.disk,
      clock: this.clock,
      transport: this.network.transport(COORDINATOR),
      port: PORT,
      invariants: this.invariants,
      saveMs,
      checked,
      onOutcome: (outcome) => (this.outcome = outcome),
      onSaved: (state) => this.#lookAtCheckpoint(state),
      ...(trace && { trace: (event, effects) => trace({ at: this.clock.now, event, effects }) }),
    });
    void this.#open(this.coordinator.open());
  }

  /**
   * @param powerLoss what was not durable yet is gone, too
   * @param kept the share of it that happens to be on the disk all the same
   */
  killCoordinator(powerLoss = false, kept = 0): void {
    this.#eventsBefore = this.events;
    this.coordinator?.die();
    this.coordinator = undefined;
    this.network.crash(COORDINATOR);
    if (powerLoss) this.disk.losePower(kept);
  }

  /** The coordinator dies between two effects of an event. */
  crashCoordinatorAfter(effects: number, onCrash: () => void): void {
    this.coordinator?.crashAfter(effects, () => {
      this.killCoordinator();
      onCrash();
    });
  }

  join(
    workerId: string,
    changes: { slotMs?: number; prepareMs?: number; sharesDisk?: boolean } = {},
  ): ModelWorker {
    this.pace.set(workerId, changes.slotMs ?? this.#options.slotMs ?? 20);
    const worker = new ModelWorker({
      workerId,
      incarnation: ++this.#incarnations,
      model: this.#model,
      run: runKey(this.machine.runId),
      clock: this.clock,
      addresses: { control: `tcp://127.0.0.1:${PORT}`, data: `tcp://127.0.0.1:${PORT + 1}` },
      heartbeatMs: this.machine.heartbeatMs,
      prepareMs: changes.prepareMs ?? this.#options.prepareMs ?? 300,
      slotMs: () => this.pace.get(workerId)! * (0.9 + 0.2 * this.network.dice.roll()),
      facts: FACTS,
      readCheckpoint: (step) =>
        changes.sharesDisk === false ? undefined : this.disk.checkpoints.get(step)?.state,
      keepShare: (digest, state) => void this.disk.shares.set(digest, state),
      onState: (replica) => this.#look(workerId, replica),
      damagedStates: this.#damagedStates,
      onUnnoticed: () => (this.unnoticed = true),
      onEnd: (reason) => this.ends.set(workerId, reason),
    });
    this.workers.set(workerId, worker);
    void this.#open(worker.open(this.network.transport(workerId)));
    return worker;
  }

  kill(workerId: string): void {
    this.workers.get(workerId)?.die();
    this.workers.delete(workerId);
    this.network.crash(workerId);
  }

  /** The worker dies when it has sent so many more frames; what it sent still arrives, as from a socket's buffer. */
  killAfterFrames(workerId: string, frames: number, onDeath: () => void): void {
    this.workers.get(workerId)?.dieAfterFrames(frames, () => {
      this.workers.delete(workerId);
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
      // Opening sockets is asynchronous; everything else happens on the clock.
      while (this.#opening > 0) await Promise.resolve();
      if (holds()) return true;
      if (!this.clock.step()) break;
    }
    return holds();
  }

  get finished(): boolean {
    return this.outcome !== undefined;
  }

  async #open(opened: Promise<void>): Promise<void> {
    this.#opening++;
    await opened;
    this.#opening--;
  }

  #look(workerId: string, replica: Replica): void {
    if (this.#options.checked === false) return;
    const level = [...this.workers.values()].filter(({ isLevel }) => isLevel);
    if (level.length > 0 && level.every(({ damaged }) => damaged)) this.unnoticed = true;
    const { globalStep } = replica;
    const digest = replica.digest();
    if (globalStep >= this.newest.globalStep) this.newest = { globalStep, digest };
    if (!this.exact) return;
    this.invariants.checks['replica equals the undisturbed run']++;
    if (digest === this.reference.at(globalStep)) return;
    throw new Error(`${workerId} has another state at step ${globalStep} than an undisturbed run`);
  }

  #lookAtCheckpoint(state: TrainState): void {
    const { globalStep } = state;
    if (!this.exact) return;
    this.invariants.checks['checkpoint equals the undisturbed run']++;
    if (digestOf(this.#model, state) === this.reference.at(globalStep)) return;
    throw new Error(`the checkpoint of step ${globalStep} is not that of an undisturbed run`);
  }
}
