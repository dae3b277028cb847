import type { Finding } from './finding.js';
import type { JournaledStep, JournalLine } from '../server/journalLine.js';
import { WorkerTally, type WorkerShare } from './workerTally.js';

export interface StepAudit {
  /** Steps on the surviving line: 0, or the step of `branch`, to globalStep - 1, each once. */
  readonly globalStep: number;
  /** Of a branch: the checkpoint of another run that it began with. */
  readonly branch: { readonly runId: string; readonly globalStep: number; readonly digest: string } | null;
  readonly rewinds: number;
  readonly coordinatorStarts: number;
  /** Steps that were computed again after a rewind. */
  readonly recomputed: number;
  /** Those of them whose digest was compared with that of the abandoned one, and is equal. */
  readonly recomputedEqual: number;
  /** Steps that count but were not applied: they were not finite. */
  readonly skipped: readonly number[];
  /** What the journal says of the digest at each step; the surviving line's. */
  readonly checkpoints: ReadonlyMap<number, string>;
  readonly ended: { readonly completed: boolean; readonly reason: string } | null;
  readonly workers: readonly WorkerShare[];
  readonly findings: readonly Finding[];
}

interface Computed {
  readonly digest: string | undefined;
  /** It was abandoned because of silent corruption, so it may have come out otherwise. */
  distrusted: boolean;
}

/** Follows the lines as they happened: what was committed, what was gone back over, who computed it. */
export class StepFollower {
  readonly #numSlots: number;
  readonly #findings: Finding[] = [];
  readonly #computed = new Map<number, Computed>();
  readonly #checkpoints = new Map<number, string>();
  readonly #skipped = new Set<number>();
  readonly #tally: WorkerTally;
  #globalStep = 0;
  #branch: StepAudit['branch'] = null;
  #generation = 0;
  #rewinds = 0;
  #starts = 0;
  #recomputed = 0;
  #equal = 0;
  #ended: StepAudit['ended'] = null;

  constructor(numSlots: number, slotBatchSize: number) {
    this.#numSlots = numSlots;
    this.#tally = new WorkerTally(slotBatchSize);
  }

  /** A line whose hash nobody has stated yet may lack anything. */
  add(line: JournalLine): void {
    try {
      this.#follow(line);
    } catch (error) {
      this.#find('damaged', line.line, `it lacks something: ${(error as Error).message}`);
    }
  }

  #follow(line: JournalLine): void {
    this.#checkGeneration(line);
    switch (line.kind) {
      case 'start':
        this.#starts++;
        this.#ended = null;
        return this.#expectStep(line, `a coordinator starts at step ${line.globalStep}`);
      case 'branch':
        return this.#begin(line);
      case 'step':
        return this.#addStep(line);
      case 'rewind':
        return this.#rewind(line);
      case 'checkpoint':
        return this.#addCheckpoint(line);
      case 'joined':
        return this.#tally.join(line.worker);
      case 'left':
        return this.#tally.leave(line.worker);
      case 'end':
        this.#ended = { completed: line.completed, reason: line.reason };
        return this.#expectStep(line, `the run ends at step ${line.globalStep}`);
    }
  }

  result(): StepAudit {
    return {
      globalStep: this.#globalStep,
      branch: this.#branch,
      rewinds: this.#rewinds,
      coordinatorStarts: this.#starts,
      recomputed: this.#recomputed,
      recomputedEqual: this.#equal,
      skipped: [...this.#skipped],
      checkpoints: this.#checkpoints,
      ended: this.#ended,
      workers: this.#tally.shares(),
      findings: this.#findings,
    };
  }

  #begin({ line, runId, globalStep, digest }: JournalLine & { kind: 'branch' }): void {
    if (line !== 0) return this.#find('order', line, 'a branch begins, but this is not the first line');
    this.#branch = { runId, globalStep, digest };
    this.#globalStep = globalStep;
    this.#checkpoints.set(globalStep, digest);
  }

  #addStep(line: JournalLine & JournaledStep): void {
    const { globalStep, slots, also = [], gradientDigest: digest, skipped } = line;
    this.#expectStep(line, `step ${globalStep} is committed`, 'positions');
    this.#checkSlots(line);
    const before = this.#computed.get(globalStep);
    if (before) this.#compare(line, before);
    this.#computed.set(globalStep, { digest, distrusted: false });
    if (skipped === undefined) this.#skipped.delete(globalStep);
    else this.#skipped.add(globalStep);
    this.#tally.addStep(globalStep, slots, also);
    this.#globalStep = globalStep + 1;
  }

  #compare({ line, globalStep, gradientDigest }: JournalLine & JournaledStep, before: Computed): void {
    this.#recomputed++;
    if (before.distrusted || before.digest === undefined || gradientDigest === undefined) return;
    if (before.digest === gradientDigest) this.#equal++;
    else
      this.#find(
        'recomputed',
        line,
        `step ${globalStep} was computed again and has another digest than before`,
      );
  }

  #checkSlots({ line, globalStep, slots }: JournalLine & JournaledStep): void {
    let at = 0;
    for (const [start, end] of slots) {
      if (start > at)
        this.#find('positions', line, `step ${globalStep}: slots ${at} to ${start - 1} are not used`);
      if (start < at) this.#find('positions', line, `step ${globalStep}: slot ${start} is used twice`);
      at = end;
    }
    if (at !== this.#numSlots)
      this.#find(
        'positions',
        line,
        `step ${globalStep}: its slots end at ${at}, a step has ${this.#numSlots}`,
      );
  }

  #rewind(line: JournalLine & { kind: 'rewind' }): void {
    const { globalStep, from, distrusted = false } = line;
    this.#rewinds++;
    if (from !== this.#globalStep)
      this.#find('order', line.line, `a rewind from step ${from}, but the run was at ${this.#globalStep}`);
    if (globalStep > from)
      this.#find('positions', line.line, `steps ${from} to ${globalStep - 1} are not in the journal`);
    this.#tally.rewind(globalStep);
    for (const [step, computed] of this.#computed) if (step >= globalStep) computed.distrusted ||= distrusted;
    if (distrusted)
      for (const step of this.#checkpoints.keys()) if (step > globalStep) this.#checkpoints.delete(step);
    for (const step of this.#skipped) if (step >= globalStep) this.#skipped.delete(step);
    this.#globalStep = globalStep;
  }

  #addCheckpoint({ line, globalStep, digest }: JournalLine & { kind: 'checkpoint' }): void {
    const before = this.#checkpoints.get(globalStep);
    if (before !== undefined && before !== digest)
      this.#find('checkpoint', line, `step ${globalStep} was saved twice, with two digests`);
    this.#checkpoints.set(globalStep, digest);
  }

  #checkGeneration(line: JournalLine): void {
    if (!('generation' in line)) return;
    if (line.generation < this.#generation)
      this.#find('order', line.line, `generation ${line.generation} comes after ${this.#generation}`);
    this.#generation = Math.max(this.#generation, line.generation);
  }

  #expectStep(
    { line, globalStep }: { line: number; globalStep: number },
    what: string,
    kind: Finding['kind'] = 'order',
  ): void {
    if (globalStep !== this.#globalStep)
      this.#find(kind, line, `${what}, but the run was at step ${this.#globalStep}`);
  }

  #find(kind: Finding['kind'], line: number, detail: string): void {
    this.#findings.push({ kind, line, detail: `line ${line}: ${detail}` });
  }
}
