import type { FaultCounts } from '@ddpm-fleet/transport';
import { pino } from 'pino';
import { SMALL_RUN } from './model.js';
import { Simulation } from './simulation.js';

/** What one step of an undisturbed fleet costs. */
export interface CrowdReport {
  readonly workers: number;
  readonly slots: number;
  /** Of all steps measured. */
  readonly events: number;
  readonly control: { readonly messages: number; readonly bytes: number };
  readonly data: { readonly frames: number; readonly bytes: number };
  /** Milliseconds in the machine: joining, and a step. */
  readonly joinMs: number;
  readonly stepMs: number;
}

/** Steps before those that are measured: machine code is warm, speeds are known, lines of joining are out. */
const WARM_STEPS = 3;
/** As unlike as machines of one kind are. */
const SLOT_MS = 200;

/** A fleet that nothing is done to; two slots a worker. */
export async function runCrowd(workers: number, steps: number): Promise<CrowdReport> {
  const machine = new MachineTime();
  const simulation = new Simulation({
    seed: 1,
    log: pino(machine),
    model: { ...SMALL_RUN, numSlots: 2 * workers },
    settings: {
      steps: steps + WARM_STEPS + 1,
      minWorkers: workers,
      heldOutEvery: 0,
      checkpointEverySteps: 0,
    },
    exact: false,
    checked: false,
    slotMs: SLOT_MS,
  });
  simulation.startCoordinator();
  for (let i = 0; i < workers; i++) simulation.join(`w${i}`);
  const at = (step: number) =>
    simulation.runUntil(() => (simulation.coordinator!.state?.globalStep ?? 0) >= step, 3e6);
  await at(1);
  const joinMs = machine.ms;
  await at(1 + WARM_STEPS);
  const before = {
    counts: structuredClone(simulation.network.counts),
    events: simulation.events,
    ms: machine.ms,
  };
  if (!(await at(1 + WARM_STEPS + steps))) throw new Error('the fleet does not get on');
  const { counts } = simulation.network;
  return {
    workers,
    slots: 2 * workers,
    events: (simulation.events - before.events) / steps,
    ...traffic(before.counts, counts, steps),
    joinMs,
    stepMs: (machine.ms - before.ms) / steps,
  };
}

/** Adds up what the coordinator logs of the time that its machine takes. */
class MachineTime {
  ms = 0;

  write(line: string): void {
    const { costs } = JSON.parse(line) as { costs?: { machineMs: number } };
    this.ms += costs?.machineMs ?? 0;
  }
}

/** Control messages are one part, data frames two. */
function traffic(
  before: FaultCounts,
  after: FaultCounts,
  steps: number,
): Pick<CrowdReport, 'control' | 'data'> {
  const a = (after.single.messages - before.single.messages) / steps;
  const bytes = (after.single.bytes - before.single.bytes) / steps;
  return {
    control: { messages: a, bytes },
    data: {
      frames: (after.messages - before.messages) / steps - a,
      bytes: (after.bytes - before.bytes) / steps - bytes,
    },
  };
}

/** Prints what fleets up to this size cost a step. */
export async function printCrowd(workers: number, steps: number): Promise<void> {
  console.log(
    `${steps} steps of each fleet, two slots a worker; the gradient is ${SMALL_RUN.size} numbers, so data bytes are headers and image records`,
  );
  console.log(
    'workers  events/step  control msgs  control bytes  data frames   data bytes  machine ms/step  ms to join all',
  );
  for (const size of [workers / 8, workers / 4, workers / 2, workers].map(Math.ceil)) {
    const { events, control, data, stepMs, joinMs } = await runCrowd(size, steps);
    const cells = [
      [size, 7],
      [events, 13],
      [control.messages, 14],
      [control.bytes, 15],
      [data.frames, 13],
      [data.bytes, 13],
    ] as const;
    const text = cells.map(([value, width]) => value.toFixed(0).padStart(width)).join('');
    console.log(`${text}${stepMs.toFixed(2).padStart(17)}${joinMs.toFixed(1).padStart(16)}`);
  }
}
