import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineEnvironment } from '@ddpm-fleet/engine';
import { writeStatistics, type FeatureStatistics } from '@ddpm-fleet/inference';
import { note, print, printJson, printTable } from '../output.js';
import { BenchChild, PeerChild } from './child.js';
import type { TimedDistance } from './distanceChild.js';
import { median, ratios } from './statistics.js';

export interface DistanceBenchRequest {
  readonly features: readonly number[];
  readonly engine: 'tensorflow' | 'wasm';
  readonly threads: number;
  readonly rounds: number;
  /** A Python that has scipy. */
  readonly pytorch?: string;
  readonly json?: boolean;
}

type Contender = Pick<BenchChild, 'answer' | 'close'>;

/** Seconds of one Frechet distance, and of scipy's in turn, from the same files. */
export async function benchDistance(request: DistanceBenchRequest): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ddpm-fleet-bench-'));
  const contenders = await start(request);
  try {
    const rows = [];
    for (const size of request.features) rows.push(await measure(contenders, folder, size, request.rounds));
    report(request, rows);
  } finally {
    for (const contender of contenders) contender.close();
    await rm(folder, { recursive: true });
  }
}

async function start({ engine, threads, pytorch }: DistanceBenchRequest): Promise<Contender[]> {
  const env = engineEnvironment({ threads, device: '' });
  const ours = new BenchChild(['bench', 'distance-child', engine, String(threads)], env);
  const limits = { OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
  const contenders = [ours, ...(pytorch ? [new PeerChild(pytorch, ['scipy_distance.py'], limits)] : [])];
  for (const contender of contenders) await contender.answer();
  return contenders;
}

interface Row {
  readonly size: number;
  readonly seconds: readonly number[];
  readonly scipySeconds?: number[];
  /** |ours - scipy's| / scipy's */
  readonly difference?: number;
}

async function measure(
  contenders: readonly Contender[],
  folder: string,
  size: number,
  rounds: number,
): Promise<Row> {
  const files = [0, 1].map((phase) => join(folder, `${size}-${phase}.npz`));
  await Promise.all(files.map((file, phase) => writeStatistics(file, madeUp(size, phase, file))));
  const answers: TimedDistance[][] = contenders.map(() => []);
  // The first round warms both up.
  for (let round = 0; round <= rounds; round++) {
    for (const [k, contender] of contenders.entries()) {
      const answer = await contender.answer<TimedDistance>(files.join(' '));
      if (round > 0) answers[k]!.push(answer);
    }
    note(`${size} features, round ${round} of ${rounds}`);
  }
  const [seconds, scipySeconds] = answers.map((each) => each.map((answer) => answer.seconds));
  const [own, theirs] = answers.map((each) => each[0]!.distance);
  if (!scipySeconds) return { size, seconds: seconds! };
  return { size, seconds: seconds!, scipySeconds, difference: Math.abs(own! / theirs! - 1) };
}

/** A well-conditioned Gaussian without structure that would make its decomposition easier. */
function madeUp(size: number, phase: number, name: string): FeatureStatistics {
  const sigma = new Float64Array(size * size);
  for (let i = 0; i < size; i++) sigma[i * (size + 1)] = 1 + (phase ? i : size - i) / size;
  for (let k = 1; k <= 8; k++) {
    const row = Float64Array.from(
      { length: size },
      (_, i) => Math.sin(k * i * i + phase + k) / Math.sqrt(size),
    );
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) sigma[i * size + j]! += k * row[i]! * row[j]!;
  }
  return { name, mu: Float64Array.from({ length: size }, (_, i) => Math.sin(i + phase)), sigma };
}

function report(request: DistanceBenchRequest, rows: readonly Row[]): void {
  const { engine, threads, rounds } = request;
  const table = rows.map(({ seconds, scipySeconds, ...rest }) => ({
    ...rest,
    seconds: median(seconds),
    ...(scipySeconds && {
      scipySeconds: median(scipySeconds),
      ratio: median(ratios(seconds, scipySeconds)),
    }),
  }));
  if (request.json) return printJson({ ...request, rows: table });
  print(`Frechet distance on ${engine}, ${threads} thread(s), median of ${rounds} rounds`);
  printTable(
    ['features', 'seconds', 'scipy', 'ratio', 'relative difference'],
    table.map(({ size, seconds, scipySeconds, ratio, difference }) => [
      ...[size, seconds.toFixed(2), scipySeconds?.toFixed(2) ?? ''],
      ...[ratio === undefined ? '' : `${ratio.toFixed(2)}x`, difference?.toExponential(1) ?? ''],
    ]),
  );
}
