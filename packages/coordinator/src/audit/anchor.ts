import { readFileSync } from 'node:fs';
import type { JournalHead } from '../machine/index.js';

/** A line that a journal is known to have had, from a source other than the journal. */
export interface Anchor extends JournalHead {
  /** `checkpoint step-00001000`, `journal.head`. */
  readonly source: string;
}

/** What the coordinator last noted beside the journal; undefined where it left nothing readable. */
export function readHeadFile(path: string): Anchor | undefined {
  try {
    const { line, hash } = JSON.parse(readFileSync(path, 'utf8')) as Partial<JournalHead>;
    if (!Number.isSafeInteger(line) || typeof hash !== 'string') return undefined;
    return { source: 'journal.head', line: line!, hash };
  } catch {
    return undefined;
  }
}
