import { Dice, type FaultCounts, type Faults } from '@ddpm-fleet/transport';
import { BEARABLE, HONEST, Surgeon, type Injury } from './injuries.js';
import type { Invariant } from './invariants.js';
import { readJournal } from './journalReading.js';
import { SMALL_RUN, type ModelRun } from './model.js';
import type { Settings } from './settings.js';
import { Simulation, type SimulationOptions, type TraceLine, type WorkerTraceLine } from './simulation.js';
import { Watch } from './watch.js';

export interface ChaosReport {
  readonly seed: number;
  readonly injuries: Readonly<Record<Injury, number>>;
  readonly network: Readonly<FaultCounts>;
  readonly checks: Readonly<Record<Invariant, number>>;
  readonly events: number;
  readonly commits: number;
  readonly globalStep: number;
}

export interface ChaosOptions {
  readonly steps?: number;
  readonly onState?: SimulationOptions['onState'];
  readonly trace?: (line: TraceLine) => void;
  readonly workerTrace?: (line: WorkerTraceLine) => void;
}

/** How long a fleet that is left alone may take to end. */
const PATIENCE_MS = 240_000;

/**
 * Injures a simulated fleet at moments drawn from the seed, then leaves it alone.
 * @throws Error when an invariant breaks, when a replica leaves the undisturbed path, or when the fleet does not end
 * its run
 */
export async function chaosRun(seed: number, options: ChaosOptions = {}): Promise<ChaosReport> {
  const chaos = new Chaos(seed, options);
  try {
    return await chaos.run();
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

class Chaos {
  readonly #seed: number;
  readonly #dice: Dice;
  readonly #model: ModelRun;
  readonly #simulation: Simulation;
  readonly #surgeon: Surgeon;
  readonly #watch: Watch;
  /** Replicas are damaged: of the other injuries only those that leave enough healthy ones. */
  readonly #corrupting: boolean;

  constructor(seed: number, { steps = 30, onState, trace, workerTrace }: ChaosOptions) {
    this.#seed = seed;
    const dice = (this.#dice = new Dice(seed ^ 0x5eed));
    this.#corrupting = dice.happens(0.2);
    this.#model = modelOf(dice);
    this.#simulation = new Simulation({
      seed,
      model: this.#model,
      settings: {
        ...settingsOf(dice, steps),
        ...(this.#corrupting && { fingerprintEvery: dice.pick([1, 4, 20]) }),
      },
      faults: faultsOf(dice),
      saveMs: dice.pick([1, 200, 3000]),
      callMs: dice.pick([0, 2, 30]),
      readMs: dice.pick([0, 0, 10]),
      ...(onState && { onState }),
      ...(trace && { trace }),
      ...(workerTrace && { workerTrace }),
    });
    this.#surgeon = new Surgeon(this.#simulation, dice);
    this.#watch = new Watch(this.#simulation, () => this.#surgeon.isBusy);
  }

  async run(): Promise<ChaosReport> {
    const simulation = this.#simulation;
    const dice = this.#dice;
    simulation.startCoordinator();
    for (let i = this.#corrupting ? 4 : dice.pick([1, 2, 3, 5, 8]); i > 0; i--) this.#surgeon.join();
    const kinds = this.#corrupting ? BEARABLE : HONEST;
    for (let i = dice.pick([3, 10, 30]); i > 0 && !simulation.finished; i--) {
      await this.#untilNextMoment();
      if (!simulation.finished) this.#surgeon.injure(dice.pick(kinds));
    }
    this.#surgeon.heal();
    if (this.#corrupting) await this.#damageLate();
    if (!(await this.#until(() => simulation.finished, PATIENCE_MS)))
      throw new Error(`no end: ${this.#describe()}`);
    const isSure = this.#weightsAreSure();
    await this.#until(() => simulation.coordinator?.isClosed === true, PATIENCE_MS);
    await this.#checkEnd(isSure);
    const { events, invariants, network } = simulation;
    return {
      seed: this.#seed,
      injuries: this.#surgeon.counts,
      network: network.counts,
      checks: invariants.checks,
      events,
      commits: invariants.commits,
      globalStep: simulation.outcome!.globalStep,
    };
  }

  /** What is damaged shortly before the end must be found before the last state is saved. */
  async #damageLate(): Promise<void> {
    const { settings } = this.#simulation;
    const late = settings.steps - this.#dice.pick([1, 2, 5]);
    const isLate = (): boolean => (this.#simulation.coordinator?.state?.globalStep ?? 0) >= late;
    await this.#until(() => this.#simulation.finished || isLate(), PATIENCE_MS);
    this.#surgeon.injure('flipBit');
  }

  /** Any moment: after some time, or between any two things that happen. */
  async #untilNextMoment(): Promise<void> {
    const dice = this.#dice;
    let left = dice.happens(0.5) ? dice.pick([5, 50, 500, 2000]) * dice.roll() : Infinity;
    // Damage is to be found in time, so it comes while steps are made.
    const ms = dice.pick(this.#corrupting ? [5, 50, 150, 300] : [5, 50, 300, 1500, 4000]) * dice.roll();
    await this.#until(() => this.#simulation.finished || left-- <= 0, ms);
  }

  #until(holds: () => boolean, ms: number): Promise<boolean> {
    return this.#simulation.runUntil(() => {
      this.#watch.look();
      return holds();
    }, ms);
  }

  async #checkEnd(isSure: boolean): Promise<void> {
    const { outcome, settings, disk, invariants, coordinator, store } = this.#simulation;
    if (!coordinator?.isClosed) throw new Error('the coordinator does not end');
    if (!outcome!.completed || outcome!.globalStep !== settings.steps)
      throw new Error(`it ended otherwise: ${outcome!.reason}`);
    const last = await this.#look(store.load(settings.steps));
    if (isSure) this.#checkWeights(last.digest);
    invariants.checks['journal reads as one unbroken run']++;
    if (readJournal(disk.journalLines()) !== settings.steps)
      throw new Error('the journal ends at another step');
  }

  /** The disk takes its time for whoever looks at it afterwards, too. */
  async #look<T>(reading: Promise<T>): Promise<T> {
    let isRead = false;
    const over = (): void => void (isRead = true);
    reading.then(over, over);
    await this.#until(() => isRead, PATIENCE_MS);
    return reading;
  }

  #checkWeights(digest: string): void {
    const { settings, invariants, reference } = this.#simulation;
    invariants.checks['the run ends with the undisturbed weights']++;
    if (digest !== reference.at(settings.steps))
      throw new Error('the last checkpoint is not that of an undisturbed run');
  }

  /** Whether whatever was damaged can be found out, now that the run ends. */
  #weightsAreSure(): boolean {
    const { unnoticed, workers, coordinator } = this.#simulation;
    const peers = [...(coordinator?.state?.peers.values() ?? [])];
    const active = peers.filter(({ status }) => status === 'active');
    const compared = new Set(active.map(({ workerId }) => workerId));
    const damaged = [...workers].filter(([, worker]) => worker.damaged).map(([name]) => name);
    // Nobody compares who has lost its connection; and where all are damaged alike there is nothing to tell it by.
    const isMissed = damaged.some((name) => !compared.has(name));
    const isUniform = damaged.length > 0 && damaged.length === compared.size;
    return !unnoticed && !isMissed && !isUniform;
  }

  #describe(): string {
    const { coordinator } = this.#simulation;
    if (!coordinator?.state) return 'there is no coordinator';
    const { phase, reason, globalStep, peers } = coordinator.state;
    const workers = [...peers.values()].map(({ peer, status, lag }) => `${peer} ${status} lag ${lag}`);
    return `${phase} at step ${globalStep} (${reason}); ${workers.join(', ')}`;
  }
}

function modelOf(dice: Dice): ModelRun {
  return {
    ...SMALL_RUN,
    numSlots: dice.pick([1, 3, 6, 8, 13]),
    wireDtype: dice.pick(['float32', 'bfloat16']),
    badEvery: dice.pick([0, 0, 0, 0, 7]),
  };
}

function settingsOf(dice: Dice, steps: number): Partial<Settings> {
  return {
    steps,
    onNonFinite: 'skip',
    maxNonFinite: 1000,
    minWorkers: dice.pick([1, 1, 2]),
    fingerprintEvery: dice.pick([0, 1, 5]),
    heldOutEvery: dice.pick([0, 4]),
    checkpointEverySteps: dice.pick([0, 1, 7]),
    checkpointEveryMs: dice.pick([0, 3000]),
    checkpointWriters: dice.pick([0, 0, 2]),
    keepLast: dice.pick([1, 3, 1000]),
  };
}

/**
 * Connections may break under any message, and then lose it and all that was under way. Between the two planes there
 * is no order; frames of the data plane may overtake each other and come twice.
 */
function faultsOf(dice: Dice): Partial<Faults> {
  return {
    delayMs: dice.pick([
      [0, 0],
      [0.1, 2],
      [0, 100],
    ] as const),
    breakChance: dice.pick([0, 0, 0.0003, 0.003]),
    reorderChance: dice.pick([0, 0, 0.05]),
    duplicateChance: dice.pick([0, 0, 0.02]),
    noticeMs: dice.pick([
      [0, 0],
      [1, 300],
    ] as const),
  };
}
