import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FleetError } from '@ddpm-fleet/core';
import { runPaths } from '@ddpm-fleet/config';
import { nodeFiles } from '../../src/server/files.js';
import { recover } from '../../src/server/recover.js';
import { newJournal } from './newJournal.js';
import { STORY } from '../audit/journalText.js';

/** The story, written down. */
async function written(t: ExecutionContext): Promise<{ path: string; lines: string[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-recover-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const paths = runPaths(dir);
  const journal = newJournal(t, paths);
  for (const entry of STORY) journal.append(entry);
  await journal.close();
  return { path: paths.journal, lines: readFileSync(paths.journal, 'utf8').trimEnd().split('\n') };
}

/** What is said of the journal after `damage`, when only its last `tailBytes` are read. */
async function said(
  t: ExecutionContext,
  damage: (lines: string[]) => string[],
  tailBytes?: number,
): Promise<string> {
  const { path, lines } = await written(t);
  writeFileSync(path, `${damage(lines).join('\n')}\n`);
  return t.throws(() => recover(path, nodeFiles, tailBytes), { instanceOf: FleetError }).message;
}

test('a whole journal is read from any place on, to the same end', async (t) => {
  const { path, lines } = await written(t);
  const { journal, globalStep } = recover(path, nodeFiles);
  t.is(journal!.line, lines.length - 1);
  const tailBytes = lines.slice(1).join('\n').length + 10;
  t.like(recover(path, nodeFiles, tailBytes), { globalStep, cutBytes: 0 });
  t.deepEqual(recover(path, nodeFiles, tailBytes).journal, journal);
});

const unreadable = (at: number) => (lines: string[]) => lines.with(at, '{"line":');

test('a damaged line is named by its number in the file', async (t) => {
  t.regex(await said(t, unreadable(2)), /journal\.ndjson: line 2 is damaged: it is not JSON/);
  t.regex(await said(t, unreadable(0)), /line 0 is damaged: it is not JSON/);
});

test('a damaged line is named by its number also when only the tail is read', async (t) => {
  const { lines } = await written(t);
  const last = lines.length - 1;
  const tailBytes = lines.slice(-3).join('\n').length + 10;
  t.regex(
    await said(t, unreadable(last - 1), tailBytes),
    new RegExp(`line ${last - 1} is damaged: it is not JSON`),
  );
  // The first line of the tail, before which nothing is known.
  const first = '{"line":'.length + lines.slice(-2).join('\n').length + 10;
  t.regex(
    await said(t, unreadable(last - 2), first),
    new RegExp(`line ${last - 2} is damaged: it is not JSON`),
  );
});

test('of two damaged lines with one text the one that is read first is named', async (t) => {
  t.regex(await said(t, (lines) => unreadable(3)(unreadable(1)(lines))), /line 1 is damaged/);
});

test('a line that is gone, twice there, or says another number is named where it lacks', async (t) => {
  t.regex(await said(t, (lines) => lines.toSpliced(2, 1)), /line 2 is damaged: it does not continue/);
  t.regex(
    await said(t, (lines) => lines.toSpliced(2, 0, lines[1]!)),
    /line 2 is damaged: it does not continue/,
  );
  const renumbered = (lines: string[]) => lines.with(2, lines[2]!.replace('"line":2', '"line":9'));
  t.regex(await said(t, renumbered), /line 2 is damaged: it does not continue/);
});
