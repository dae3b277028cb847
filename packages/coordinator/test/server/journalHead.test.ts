import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { auditJournal, readHeadFile } from '../../src/audit/index.js';
import { newJournal } from './newJournal.js';
import { SHAPE, STORY } from '../audit/journalText.js';

test('the last line is noted beside the journal, so that an audit misses it when it is gone', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-journal-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const paths = runPaths(dir);
  t.is(readHeadFile(paths.journalHead), undefined);
  const journal = newJournal(t, paths);
  for (const entry of STORY) journal.append(entry);
  const { head } = journal;
  await journal.close();
  const anchor = readHeadFile(paths.journalHead)!;
  t.deepEqual(anchor, { source: 'journal.head', ...head! });
  const lines = readFileSync(paths.journal, 'utf8').trimEnd().split('\n');
  const audit = (texts: string[]) =>
    auditJournal(texts, { ...SHAPE, anchors: [anchor], checkpoints: [] }).findings.map(({ kind }) => kind);
  t.deepEqual(audit(lines), []);
  t.deepEqual(audit(lines.slice(0, -1)), ['cutOff']);
});
