import { fleetError } from '../errors/error.js';
import { NOTES, type NoteCode } from './codes.js';

/** Something that was read, left out, changed, clamped or assumed. Plain data: it is kept in files as it is. */
export interface Note {
  readonly code: NoteCode;
  readonly values: Readonly<Record<string, string | number>>;
  /** What happened and the remedy, for people. */
  readonly text: string;
}

/** The note of `code`; every `{name}` of the table's text must be in `values`. */
export function makeNote(code: NoteCode, values: Note['values']): Note {
  const { message, remedy } = NOTES[code];
  const text = `${message}. ${remedy}`.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (!(name in values)) throw new Error(`${code}: no value for {${name}}`);
    return String(values[name]);
  });
  return { code, values, text };
}

/** What `--strict` and `--accept` say. */
export interface Strictness {
  /** Notes are errors. */
  readonly strict?: boolean;
  /** Codes of notes that are meant so. */
  readonly accept?: readonly string[];
}

/**
 * With `strict`, refuses whatever was noted and not accepted.
 * @throws DDPM_ERR_NOTE_UNKNOWN for an accepted code that does not exist, DDPM_ERR_STRICT naming every note
 */
export function assertAccepted(notes: readonly Note[], { strict, accept = [] }: Strictness): void {
  const unknown = accept.find((code) => !(code in NOTES));
  if (unknown !== undefined) throw fleetError('DDPM_ERR_NOTE_UNKNOWN', { code: unknown });
  const refused = strict ? notes.filter(({ code }) => !accept.includes(code)) : [];
  if (refused.length === 0) return;
  const list = refused.map(({ code, text }) => `${text} [${code}]`).join(' ');
  throw fleetError('DDPM_ERR_STRICT', { list });
}
