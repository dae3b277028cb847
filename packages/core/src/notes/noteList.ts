import type { NoteCode } from './codes.js';
import { makeNote, type Note } from './note.js';

/** Collects notes in the order in which their codes first came up. */
export class NoteList {
  readonly #notes: Note[] = [];
  readonly #counted = new Map<NoteCode, { at: number; count: number }>();

  add(code: NoteCode, values: Note['values']): void {
    this.#notes.push(makeNote(code, values));
  }

  addAll(notes: readonly Note[]): void {
    this.#notes.push(...notes);
  }

  /** One note for all that is alike: `{count}` says how many there were, the other values are those of the first. */
  count(code: NoteCode, values: Note['values']): void {
    const known = this.#counted.get(code);
    const { at, count } = known ?? { at: this.#notes.length, count: 0 };
    const first = known ? this.#notes[at]!.values : values;
    this.#notes[at] = makeNote(code, { ...first, count: count + 1 });
    this.#counted.set(code, { at, count: count + 1 });
  }

  get all(): readonly Note[] {
    return this.#notes;
  }
}
