import type { Dice } from '@ddpm-fleet/transport';
import type { Simulation } from './simulation.js';

/** The closed list of what is done to a fleet, besides what the network does by itself. */
export const INJURIES = [
  'killWorker',
  'killWhileSending',
  'freezeWorker',
  'slowWorker',
  'cutWorker',
  'breakControl',
  'breakData',
  'slowJoin',
  'join',
  'leave',
  'killCoordinator',
  'crashInEvent',
  'freezeCoordinator',
  'powerLoss',
  'failStore',
  'slowStore',
  'failJournal',
  'jumpDate',
  'killAllWorkers',
  'killEverything',
  'flipBit',
] as const;

export type Injury = (typeof INJURIES)[number];

/** Those that leave every replica that lives a good one. */
export const HONEST: readonly Injury[] = INJURIES.filter((injury) => injury !== 'flipBit');

/** Those after which a damaged replica can still be told from the others: two healthy ones are never lost. */
export const BEARABLE: readonly Injury[] = [
  'slowWorker',
  'breakControl',
  'breakData',
  'join',
  'killCoordinator',
  'crashInEvent',
  'powerLoss',
  'failStore',
  'slowStore',
  'jumpDate',
  'flipBit',
  'flipBit',
];

/** A whole step of it still takes less than a fleet is allowed to stand still. */
const SLOWEST_SLOT_MS = 1500;
const FLIP_TRIES = 100;
const FLIP_AGAIN_MS = 40;

/** A moment of a fleet's life at which something is done to it, and what is still to be undone. */
export class Surgeon {
  readonly counts = Object.fromEntries(INJURIES.map((injury) => [injury, 0])) as Record<Injury, number>;
  readonly #simulation: Simulation;
  readonly #dice: Dice;
  readonly #wounds = new Set<() => void>();
  #names = 0;

  constructor(simulation: Simulation, dice: Dice) {
    this.#simulation = simulation;
    this.#dice = dice;
  }

  /** Something is still done to the fleet. */
  get isBusy(): boolean {
    return this.#wounds.size > 0;
  }

  join(slow = false): void {
    const dice = this.#dice;
    this.#simulation.join(`w${this.#names++}`, {
      slotMs: slow ? 400 : dice.pick([2, 20, 60]),
      prepareMs: dice.pick([1, 300, 2500]),
      sharesDisk: dice.happens(0.7),
    });
  }

  injure(injury: Injury): void {
    const simulation = this.#simulation;
    const names = [...simulation.workers.keys()];
    const name = names.length > 0 ? this.#dice.pick(names) : undefined;
    if (injury !== 'flipBit') this.counts[injury]++;
    if (name === undefined) this.#injureRun(injury, names);
    else this.#injureWorker(injury, name) || this.#injureRun(injury, names);
  }

  /** Nothing more is done, and there are workers and a coordinator. */
  heal(): void {
    const simulation = this.#simulation;
    simulation.network.faults = { ...simulation.network.faults, breakChance: 0 };
    for (const undo of [...this.#wounds]) undo();
    for (let i = 0; i < simulation.settings.minWorkers; i++) this.join();
  }

  /** Returns whether the injury is one of a worker. */
  #injureWorker(injury: Injury, name: string): boolean {
    const simulation = this.#simulation;
    const worker = simulation.workers.get(name)!;
    switch (injury) {
      case 'killWorker':
        this.#kill(name);
        return true;
      case 'killWhileSending':
        simulation.killAfterFrames(name, Math.floor(this.#dice.between([0, 12])), () => this.#restart(name));
        return true;
      case 'leave':
        worker.leave();
        simulation.workers.delete(name);
        return true;
      case 'freezeWorker':
        worker.host.freeze();
        this.#undoLater(() => worker.host.thaw());
        return true;
      case 'slowWorker':
        this.#slow(name);
        return true;
      case 'cutWorker':
        simulation.cut(name);
        this.#undoLater(() => simulation.mend(name));
        return true;
      case 'breakControl':
        simulation.breakControl(name);
        return true;
      case 'breakData':
        simulation.breakData(name);
        return true;
      case 'flipBit':
        this.#flip();
        return true;
      default:
        return false;
    }
  }

  #injureRun(injury: Injury, names: readonly string[]): void {
    const simulation = this.#simulation;
    switch (injury) {
      case 'join':
      case 'slowJoin':
        return this.join(injury === 'slowJoin');
      case 'killCoordinator':
      case 'powerLoss':
        return this.#killCoordinator(injury === 'powerLoss');
      case 'crashInEvent':
        return simulation.crashCoordinatorAfter(Math.floor(this.#dice.between([0, 40])), () =>
          this.#restartCoordinator(),
        );
      case 'freezeCoordinator': {
        const { coordinator } = simulation;
        coordinator?.host.freeze();
        return this.#undoLater(() => coordinator?.host.thaw());
      }
      case 'failStore':
        simulation.disk.failing = true;
        return this.#undoLater(() => (simulation.disk.failing = false));
      case 'failJournal':
        simulation.disk.journalFailing = true;
        return this.#undoLater(() => (simulation.disk.journalFailing = false));
      case 'slowStore':
        simulation.disk.isSlow = true;
        return this.#undoLater(() => (simulation.disk.isSlow = false));
      case 'jumpDate':
        simulation.disk.wrongByHours += this.#dice.pick([-30, -1, 1, 30]);
        return;
      case 'killAllWorkers':
        return names.forEach((name) => this.#kill(name));
      case 'killEverything':
        this.#killCoordinator(false);
        return names.forEach((name) => this.#kill(name));
    }
  }

  /** A worker that is killed is started again by its launcher, in a while and under its name. */
  #kill(name: string): void {
    this.#simulation.kill(name);
    this.#restart(name);
  }

  #restart(name: string): void {
    const simulation = this.#simulation;
    this.#undoLater(() => {
      if (!simulation.workers.has(name) && !simulation.finished) simulation.join(name);
    });
  }

  #killCoordinator(powerLoss: boolean): void {
    const dice = this.#dice;
    this.#simulation.killCoordinator(powerLoss, (count) => Math.floor(dice.roll() ** 2 * (count + 1)));
    this.#restartCoordinator();
  }

  #restartCoordinator(): void {
    const simulation = this.#simulation;
    this.#undoLater(() => {
      if (!simulation.coordinator && !simulation.finished) simulation.startCoordinator();
    });
  }

  #slow(name: string): void {
    const { pace } = this.#simulation;
    const before = pace.get(name)!;
    pace.set(name, Math.min(before * this.#dice.pick([5, 50]), SLOWEST_SLOT_MS));
    this.#undoLater(() => pace.set(name, before));
  }

  /**
   * Damages a replica as soon as there are two healthy ones beside it. One at a time: of two that are damaged alike
   * nobody could tell which is right.
   */
  #flip(tries = FLIP_TRIES): void {
    const { clock, workers, finished, invariants } = this.#simulation;
    const level = [...workers.values()].filter(({ isLevel }) => isLevel);
    if (finished || tries === 0) return;
    if (level.length < 3 || [...workers.values()].some(({ damaged }) => damaged))
      return void clock.after(FLIP_AGAIN_MS, () => this.#flip(tries - 1));
    invariants.corrupted = true;
    this.#simulation.exact = false;
    this.#dice.pick(level).flipBit();
    this.counts.flipBit++;
  }

  #undoLater(undo: () => void): void {
    const once = (): void => {
      if (this.#wounds.delete(once)) undo();
    };
    this.#wounds.add(once);
    this.#simulation.clock.after(this.#dice.between([10, 6000]), once);
  }
}
