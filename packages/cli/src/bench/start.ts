import { loadConfig, type RunConfig } from '@ddpm-fleet/config';
import { engineEnvironment, openEngine } from '@ddpm-fleet/engine';
import { Trainer, type ImageSpec } from '@ddpm-fleet/trainer';
import { bytes, note, print, printJson, printTable } from '../output.js';
import { BenchChild } from './child.js';

export interface StartBenchRequest {
  readonly config: string;
  readonly slotBatchSize?: number;
  readonly steps: number;
  readonly json?: boolean;
}

/** Seconds of one process's start, and its memory afterwards. */
interface Start {
  readonly parameters: number;
  readonly openEngine: number;
  readonly load: number;
  readonly firstStep: number;
  readonly secondStep: number;
  /** Resident bytes after the second step, and after the last. */
  readonly residentEarly: number;
  readonly residentLate: number;
  readonly tensorsEarly: number;
  readonly tensorsLate: number;
}

/** What a worker does before its first step, twice: the second process finds what the first one left. */
export async function benchStart(request: StartBenchRequest): Promise<void> {
  const starts: Start[] = [];
  for (const name of ['start', 'restart']) {
    note(`${name}: ${request.config}, ${request.steps} steps`);
    const child = new BenchChild(
      ['bench', 'start-child', JSON.stringify(request)],
      engineEnvironment({ threads: 1 }),
    );
    starts.push(await child.answer<Start>());
    child.close();
  }
  if (request.json) return printJson(starts);
  print(`${starts[0]!.parameters.toLocaleString('en')} parameters, one thread`);
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  printTable(
    ['', 'engine', 'trace + load', 'first step', 'second step', 'resident', `after ${request.steps} steps`],
    starts.map((start, i) => [
      i === 0 ? 'start' : 'restart',
      ...[start.openEngine, start.load, start.firstStep, start.secondStep].map(seconds),
      ...[start.residentEarly, start.residentLate].map(bytes),
    ]),
  );
}

/** The process that `bench start` watches. */
export async function runStartChild(request: StartBenchRequest): Promise<void> {
  const config = configOf(request);
  const image = { size: config.data.size || 32, channels: config.data.channels };
  const { kind, compiled, precision } = { ...config.engine, kind: 'tensorflow' as const };
  const engine = await timed(() => openEngine({ kind, compiled, precision, threads: 1 }));
  const trainer = await timed(() => Trainer.create(engine.value, config, image));
  trainer.value.loadState(trainer.value.initialState());
  const step = stepOf(trainer.value, config, image);
  const first = await timed(step);
  const second = await timed(step);
  const memory = () => [process.memoryUsage.rss(), engine.value.memory().numTensors] as const;
  const [residentEarly, tensorsEarly] = memory();
  for (let done = 2; done < request.steps; done++) await step();
  const [residentLate, tensorsLate] = memory();
  const start: Start = {
    parameters: trainer.value.layout.size,
    openEngine: engine.seconds,
    load: trainer.seconds,
    firstStep: first.seconds,
    secondStep: second.seconds,
    ...{ residentEarly, residentLate, tensorsEarly, tensorsLate },
  };
  print(JSON.stringify(start));
  process.exit(0);
}

function configOf({ config: file, slotBatchSize }: StartBenchRequest): RunConfig {
  const batch = slotBatchSize === undefined ? [] : [`batch.slotBatchSize=${slotBatchSize}`];
  return loadConfig({ file, env: {}, set: ['batch.numSlots=1', ...batch] });
}

function stepOf(trainer: Trainer, config: RunConfig, { size, channels }: ImageSpec): () => Promise<void> {
  const { slotBatchSize } = config.batch;
  const images = new Uint8Array(slotBatchSize * size * size * channels).fill(100);
  const labels = config.model.numClasses > 0 ? { labels: new Int32Array(slotBatchSize) } : {};
  return async () => {
    trainer.beginRun();
    const { globalStep } = trainer;
    const position = BigInt(globalStep * slotBatchSize);
    const perImage = trainer.runSlot({ slot: 0, runStart: 0, position, images, globalStep, ...labels });
    trainer.apply(trainer.takePartials()[0]!, perImage);
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const started = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - started) / 1000 };
}
