import type { JournalHead } from '../machine/index.js';
import type { Files } from './files.js';

/** What was last noted beside a journal; undefined where nothing readable was. */
export function readHead(files: Pick<Files, 'readText'>, path: string): JournalHead | undefined {
  try {
    const { line, hash } = JSON.parse(files.readText(path)) as Partial<JournalHead>;
    return Number.isSafeInteger(line) && typeof hash === 'string' ? { line: line!, hash } : undefined;
  } catch {
    return undefined;
  }
}
