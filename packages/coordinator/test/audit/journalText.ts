import { createHash } from 'node:crypto';
import type { Entry } from '../../src/machine/index.js';
import { formatLine, GENESIS, hashLine } from '../../src/server/journalLine.js';

export const SHAPE = { numSlots: 4, slotBatchSize: 2 };

/** Lines as the coordinator writes them, a second apart. @param seal what is done with each */
export function linesOf(entries: readonly Entry[], seal = (text: string) => text): string[] {
  const texts: string[] = [];
  for (const [i, entry] of entries.entries()) {
    const prev = i === 0 ? GENESIS : hashLine(texts[i - 1]!);
    texts.push(seal(formatLine(i, prev, new Date(1e12 + i * 1000), entry)));
  }
  return texts;
}

export function start(globalStep = 0, generation = 1): Entry {
  return { kind: 'start', generation, globalStep, reason: 'the run starts' };
}

export function joined(worker: string, generation: number): Entry {
  return { kind: 'joined', worker, host: 'here', pid: 1, generation };
}

type Runs = readonly (readonly [number, number, string])[];

export function step(
  globalStep: number,
  slots: Runs = [
    [0, 2, 'worker-0'],
    [2, 4, 'worker-1'],
  ],
  gradient = `gradient ${globalStep}`,
): Entry {
  return {
    kind: 'step',
    globalStep,
    generation: 3,
    slots,
    buckets: [createHash('sha256').update(gradient).digest('hex')],
    loss: 1,
    gradNorm: 1,
    bins: [],
    ms: 100,
  };
}

export function rewind(globalStep: number, from: number, distrusted = false): Entry {
  return { kind: 'rewind', globalStep, from, reason: 'all workers died', ...(distrusted && { distrusted }) };
}

export function checkpoint(globalStep: number, digest = `digest ${globalStep}`): Entry {
  return { kind: 'checkpoint', globalStep, digest };
}

export function end(globalStep: number): Entry {
  return { kind: 'end', globalStep, reason: 'done', completed: true };
}

/** A run of six steps that went back from 4 to 2. */
export const STORY: readonly Entry[] = [
  start(),
  joined('worker-0', 2),
  joined('worker-1', 3),
  step(0),
  step(1),
  checkpoint(2),
  step(2),
  step(3),
  rewind(2, 4),
  step(2, [[0, 4, 'worker-1']]),
  step(3),
  step(4),
  step(5),
  checkpoint(6),
  end(6),
];
