import { Dice, type Faults } from '@ddpm-fleet/transport';
import type { MachineOptions } from '../../src/machine/index.js';
import { Simulation, type TraceLine } from './simulation.js';
import { SMALL_RUN } from './model.js';

/** The closed list of what is done to a fleet. */
export const INJURIES = [
  'killWorker',
  'freezeWorker',
  'cutWorker',
  'slowJoin',
  'join',
  'leave',
  'killCoordinator',
  'powerLoss',
  'killAllWorkers',
  'killEverything',
] as const;

export type Injury = (typeof INJURIES)[number];

export interface ChaosReport {
  readonly seed: number;
  readonly injuries: Record<Injury, number>;
  readonly events: number;
  readonly commits: number;
  readonly seconds: number;
  readonly globalStep: number;
}

/** How long a fleet that is left alone may take to end. */
const PATIENCE_MS = 120_000;

/**
 * Injures a simulated fleet at moments drawn from the seed, for as long as it runs, then leaves it alone. Throws when
 * an invariant breaks, when a replica leaves the undisturbed path, or when the fleet does not end its run.
 */
export async function chaosRun(seed: number, steps = 30): Promise<ChaosReport> {
  const chaos = new Chaos(seed, steps);
  try {
    return await chaos.run();
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

class Chaos {
  readonly seed: number;
  readonly #dice: Dice;
  readonly #simulation: Simulation;
  readonly #injuries = Object.fromEntries(INJURIES.map((injury) => [injury, 0])) as Record<Injury, number>;
  #names = 0;

  constructor(seed: number, steps: number) {
    this.seed = seed;
    this.#dice = new Dice(seed ^ 0x5eed);
    const dice = this.#dice;
    const model = {
      ...SMALL_RUN,
      numSlots: dice.pick([1, 3, 6, 8, 13]),
      wireDtype: dice.pick(['float32', 'bfloat16'] as const),
    };
    this.#simulation = new Simulation({
      seed,
      ...(process.env.DDPM_TRACE && { trace: printTrace }),
      model,
      machine: machineOf(dice, steps),
      faults: faultsOf(dice),
      saveMs: dice.pick([1, 200, 3000]),
    });
  }

  async run(): Promise<ChaosReport> {
    const simulation = this.#simulation;
    simulation.startCoordinator();
    for (let i = 0; i < this.#dice.pick([1, 2, 3, 5, 8]); i++) this.#join();
    const injuries = this.#dice.pick([3, 10, 30]);
    for (let i = 0; i < injuries && !simulation.finished; i++) {
      await simulation.runUntil(
        () => simulation.finished,
        this.#dice.pick([5, 50, 300, 1500, 4000]) * this.#dice.roll(),
      );
      if (!simulation.finished) this.#injure(this.#dice.pick(INJURIES));
    }
    this.#heal();
    if (!(await simulation.runUntil(() => simulation.finished, PATIENCE_MS)))
      throw new Error(`no end: ${this.#describe()}`);
    this.#checkEnd();
    const { events, invariants, clock } = simulation;
    const { globalStep } = simulation.outcome!;
    return {
      seed: this.seed,
      injuries: this.#injuries,
      events,
      commits: invariants.commits,
      seconds: clock.now / 1000,
      globalStep,
    };
  }

  #checkEnd(): void {
    const { outcome, machine, disk, invariants } = this.#simulation;
    if (!outcome!.completed || outcome!.globalStep !== machine.steps)
      throw new Error(`it ended otherwise: ${outcome!.reason}`);
    if (!disk.checkpoints.has(machine.steps)) throw new Error('the last state was not saved');
    if (invariants.commits < machine.steps) throw new Error('steps are missing');
  }

  #describe(): string {
    const { coordinator } = this.#simulation;
    if (!coordinator) return 'there is no coordinator';
    const { phase, reason, globalStep, peers } = coordinator.state;
    const workers = [...peers.values()].map(({ peer, status, lag }) => `${peer} ${status} lag ${lag}`);
    return `${phase} at step ${globalStep} (${reason}); ${workers.join(', ')}`;
  }

  #join(slow = false): void {
    const dice = this.#dice;
    const slotMs = slow ? 400 : dice.pick([2, 20, 60]);
    this.#simulation.join(`w${this.#names++}`, {
      slotMs,
      prepareMs: dice.pick([1, 300, 2500]),
      sharesDisk: dice.happens(0.7),
    });
  }

  /** A worker that is killed is started again by its launcher, in a while and under its name. */
  #kill(workerId: string): void {
    const simulation = this.#simulation;
    simulation.kill(workerId);
    simulation.clock.after(this.#dice.between([50, 4000]), () => {
      if (!simulation.workers.has(workerId) && !simulation.finished) simulation.join(workerId);
    });
  }

  #restartCoordinator(): void {
    const simulation = this.#simulation;
    simulation.clock.after(this.#dice.between([50, 5000]), () => {
      if (!simulation.coordinator && !simulation.finished) simulation.startCoordinator();
    });
  }

  #injure(injury: Injury): void {
    const simulation = this.#simulation;
    const { clock } = simulation;
    const names = [...simulation.workers.keys()];
    const name = names.length > 0 ? this.#dice.pick(names) : undefined;
    const until = this.#dice.between([10, 6000]);
    this.#injuries[injury]++;
    if (injury === 'join' || injury === 'slowJoin') return this.#join(injury === 'slowJoin');
    if (injury === 'killCoordinator' || injury === 'powerLoss' || injury === 'killEverything') {
      simulation.killCoordinator(injury === 'powerLoss');
      this.#restartCoordinator();
    }
    if (injury === 'killAllWorkers' || injury === 'killEverything') for (const one of names) this.#kill(one);
    if (name === undefined) return;
    const worker = simulation.workers.get(name)!;
    if (injury === 'killWorker') this.#kill(name);
    if (injury === 'leave') this.#leave(name);
    if (injury === 'freezeWorker') {
      worker.freeze();
      clock.after(until, () => worker.thaw());
    }
    if (injury === 'cutWorker') {
      simulation.cut(name);
      clock.after(until, () => simulation.mend(name));
    }
  }

  #leave(name: string): void {
    const { workers } = this.#simulation;
    workers.get(name)!.leave();
    workers.delete(name);
  }

  /** Nothing more is done to it, and there is a worker and a coordinator. */
  #heal(): void {
    const simulation = this.#simulation;
    simulation.network.faults = { ...simulation.network.faults, breakChance: 0 };
    if (!simulation.coordinator && !simulation.finished) simulation.startCoordinator();
    for (const [name, worker] of simulation.workers) {
      simulation.mend(name);
      worker.thaw();
    }
    for (let i = 0; i < simulation.machine.minWorkers; i++) this.#join();
  }
}

function machineOf(dice: Dice, steps: number): Partial<MachineOptions> {
  return {
    steps,
    minWorkers: dice.pick([1, 1, 2]),
    fingerprintEvery: dice.pick([0, 1, 5]),
    heldOutEvery: dice.pick([0, 4]),
    checkpointEverySteps: dice.pick([0, 1, 7]),
    checkpointEveryMs: dice.pick([0, 3000]),
  };
}

function faultsOf(dice: Dice): Partial<Faults> {
  return {
    delayMs: dice.pick([
      [0, 0],
      [0.1, 2],
      [0, 100],
    ] as const),
    breakChance: dice.pick([0, 0, 0.0003, 0.003]),
    reorderChance: 0,
    duplicateChance: 0,
    noticeMs: dice.pick([
      [0, 0],
      [1, 300],
    ] as const),
  };
}

/** What happened and what was done about it, for a seed that failed. */
function printTrace({ at, event, effects }: TraceLine): void {
  const isBeat = event.type === 'message' && event.message.type === 'HEARTBEAT';
  if ((isBeat && effects.length === 0) || (event.type === 'tick' && effects.length < 2)) return;
  const { now: _, ...rest } = event;
  const text = (value: unknown): string =>
    JSON.stringify(value, (key, one) =>
      typeof one === 'bigint' ? String(one) : key === 'layout' ? '...' : one,
    ).slice(0, 300);
  console.log(at.toFixed(1), text(rest));
  for (const effect of effects) console.log('    ', text(effect));
}
