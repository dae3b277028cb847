import type { JournalHead } from '../machine/index.js';
import { nodeFiles } from '../server/files.js';
import { readHead } from '../server/journalHead.js';

/** A line that a journal is known to have had, from a source other than the journal. */
export interface Anchor extends JournalHead {
  /** `checkpoint step-00001000`, `journal.head`. */
  readonly source: string;
}

/** What the coordinator last noted beside the journal; undefined where it left nothing readable. */
export function readHeadFile(path: string): Anchor | undefined {
  const head = readHead(nodeFiles, path);
  return head && { source: 'journal.head', ...head };
}
