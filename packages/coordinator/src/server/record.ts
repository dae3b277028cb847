import type { EffectOf, Entry, JournalHead } from '../machine/index.js';
import type { Emit } from './emit.js';
import type { Chain } from './chain.js';
import type { Wire } from './wire.js';

/** The journal, and what workers are told of it. */
export class Record {
  readonly #journal: Chain;
  readonly #wire: Wire;
  readonly #emit: Emit;
  /** Lines since the last commit: they go out with the next one. */
  #unsent: string[] = [];
  /** The line of this life's start waits for the next one: what workers remember of a lost tail goes before it. */
  #start: Entry | undefined;

  constructor(journal: Chain, wire: Wire, emit: Emit) {
    this.#journal = journal;
    this.#wire = wire;
    this.#emit = emit;
  }

  get head(): JournalHead | null {
    return this.#journal.head;
  }

  append({ entry }: EffectOf<'journal'>): void {
    if (entry.kind === 'start') {
      this.#start = entry;
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
    const { line, hash, text } = this.#journal.append(entry);
    this.#unsent.push(text);
    this.#emit({ type: 'journaled', line, hash });
  }

  /** The line is with the operating system before anybody hears of the commit. */
  commit({ entry, to, message }: EffectOf<'commit'>): void {
    this.#appendStart();
    const { line, hash, text } = this.#journal.append(entry);
    const lines = [...this.#unsent, text];
    this.#unsent = [];
    this.#emit({ type: 'journaled', line, hash, globalStep: entry.globalStep + 1 });
    this.#wire.send(to, { ...message, lines });
  }

  adopt({ lines }: EffectOf<'adopt'>): void {
    const commits = this.#journal.adopt(lines);
    this.#emit({ type: 'adopted', commits, head: this.#journal.head! });
  }

  close(): void {
    this.#appendStart();
    this.#journal.close();
  }
}
