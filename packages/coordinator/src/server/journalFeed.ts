import { isFleetError } from '@ddpm-fleet/core';
import type { EffectOf, Entry, JournalHead, Recovery } from '../machine/index.js';
import type { Emit } from './emit.js';
import type { Chain } from './chain.js';
import type { CostMeter } from './costs.js';
import { parseLine, type JournalLine } from './journalLine.js';
import { recoverFurther } from './recover.js';
import { SEALED_FORMAT, type Seal } from './seal.js';
import type { Wire } from './wire.js';

/**
 * Of the lines since the last commit, those that go out with the next one: what a worker remembers is to bring back a
 * tail that was not durable yet, and older lines are durable. (The protocol limits what a message may hold.)
 */
const MAX_LINES = 2048;
const MAX_CHARS = 1 << 20;

/** The journal, and what workers are told of it. */
export class JournalFeed {
  readonly #journal: Chain;
  readonly #seal: Pick<Seal, 'isResealed'> | undefined;
  readonly #wire: Wire;
  readonly #emit: Emit;
  readonly #costs: CostMeter;
  /** What the journal said when this life began. */
  readonly #recovery: Recovery;
  /** Lines since the last commit: they go out with the next one. */
  #unsent: string[] = [];
  /** The line of this life's start waits for the next one: what workers remember of a lost tail goes before it. */
  #start: Entry | undefined;

  /** @param seal what the lines of this life are sealed with */
  constructor(
    journal: Chain,
    recovery: Recovery,
    wire: Wire,
    emit: Emit,
    costs: CostMeter,
    seal?: Pick<Seal, 'isResealed'>,
  ) {
    this.#seal = seal;
    this.#journal = journal;
    this.#recovery = recovery;
    this.#wire = wire;
    this.#emit = emit;
    this.#costs = costs;
  }

  get head(): JournalHead | null {
    return this.#journal.head;
  }

  append({ entry }: EffectOf<'journal'>): void {
    if (entry.kind === 'start') {
      this.#start = { ...entry, ...sealedFrom(this.#seal) };
      return;
    }
    this.#appendStart();
    this.#append(entry);
  }

  #appendStart(): void {
    const start = this.#start;
    this.#start = undefined;
    if (start) this.#append(start);
  }

  #append(entry: Entry): void {
    const { line, hash, text } = this.#costs.journal(() => this.#journal.append(entry));
    this.#unsent.push(text);
    this.#emit({ type: 'journaled', line, hash });
  }

  /** The line is with the operating system before anybody hears of the commit. */
  commit({ entry, to, message }: EffectOf<'commit'>): void {
    this.#appendStart();
    const { line, hash, text } = this.#costs.journal(() => this.#journal.append(entry));
    const lines = newestOf([...this.#unsent, text]);
    this.#unsent = [];
    this.#emit({ type: 'journaled', line, hash, globalStep: entry.globalStep + 1 });
    this.#wire.send(to, { ...message, lines });
  }

  /** Lines that are taken change where this life begins: the line that says so is written anew. */
  adopt({ lines }: EffectOf<'adopt'>): void {
    let further: Recovery = this.#recovery;
    const taken = this.#journal.adopt(lines, (text) => {
      const next = follows(further, text);
      further = next ?? further;
      return next !== undefined;
    });
    if (taken.length > 0) this.#start = undefined;
    const recovery = taken.length > 0 ? further : null;
    const commits = taken.filter((text) => (parseLine(text) as JournalLine).kind === 'step').length;
    this.#emit({ type: 'adopted', commits, recovery });
  }

  async close(): Promise<void> {
    this.#appendStart();
    await this.#journal.close();
  }
}

function sealedFrom(seal: Pick<Seal, 'isResealed'> | undefined): { format?: number; resealed?: boolean } {
  return seal ? { format: SEALED_FORMAT, ...(seal.isResealed && { resealed: true }) } : {};
}

/** What the journal says with a line more; undefined for one that cannot be the next of this run. */
function follows(before: Recovery, text: string): Recovery | undefined {
  try {
    return recoverFurther(before, 'the journal', [text]);
  } catch (error) {
    if (isFleetError(error, 'DDPM_ERR_JOURNAL')) return undefined;
    throw error;
  }
}

/** The newest lines that fit into a message; the last one always does. */
function newestOf(lines: readonly string[]): string[] {
  let first = lines.length - 1;
  let chars = lines[first]!.length;
  while (first > 0 && lines.length - first < MAX_LINES && (chars += lines[first - 1]!.length) <= MAX_CHARS)
    first--;
  return lines.slice(first);
}
