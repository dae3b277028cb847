import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { isFleetError } from '@ddpm-fleet/core';
import { nodeFiles, removeAside, type Files, type GrowingFile } from '../../src/server/files.js';
import { Journal } from '../../src/server/journal.js';
import { readHead } from '../../src/server/journalHead.js';
import { recover } from '../../src/server/recover.js';
import { realSurroundings } from '../../src/server/surroundings.js';
import { STORY } from '../audit/journalText.js';

const EIO = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });

/** The files of this machine on a disk that can fail to make them durable, once a file, as Linux says it. */
function failingDisk() {
  const disk = { failures: 0, rewrites: 0, files: nodeFiles };
  const fragile = (file: GrowingFile): GrowingFile => ({
    ...file,
    sync: () => (disk.failures-- > 0 ? Promise.reject(EIO) : file.sync()),
  });
  const files: Files = {
    ...nodeFiles,
    append: (path) => fragile(nodeFiles.append(path)),
    rewrite: (...args) => {
      if (disk.failures-- > 0) throw EIO;
      disk.rewrites++;
      return fragile(nodeFiles.rewrite(...args));
    },
  };
  return Object.assign(disk, { files });
}

function begun(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-sync-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const paths = runPaths(dir);
  const disk = failingDisk();
  const problems: (string | null)[] = [];
  const about = { ...realSurroundings, files: disk.files, paths, onProblem: problems.push.bind(problems) };
  const journal = new Journal({ head: null, sizeBytes: 0 }, about as never);
  t.teardown(() => journal.close().catch(() => undefined));
  const inode = () => statSync(paths.journal).ino;
  return { paths, disk, problems, about, journal, inode };
}

test('after a sync that failed a new file takes the place of the journal, and until then nothing is durable', async (t) => {
  const { paths, disk, problems, journal, inode } = begun(t);
  const [first, second, ...others] = STORY;
  journal.append(first!);
  await journal.durable();
  const [before, noted] = [inode(), readHead(nodeFiles, paths.journalHead)];
  journal.append(second!);
  disk.failures = 2;
  await t.throwsAsync(journal.durable(), { message: /EIO/ });
  // The second failure is that of the new file.
  await t.throwsAsync(journal.durable(), { message: /EIO/ });
  t.deepEqual(readHead(nodeFiles, paths.journalHead), noted, 'what is noted is durable');
  for (const entry of others) journal.append(entry);
  await journal.durable();
  t.not(inode(), before);
  t.is(disk.rewrites, 1);
  t.deepEqual(problems, ['EIO', null]);
  await journal.close();
  const { journal: head } = recover(paths.journal, nodeFiles);
  t.deepEqual(head, journal.head);
  t.deepEqual(readHead(nodeFiles, paths.journalHead), head!);
});

test('of two that wait for one sync that fails neither is told that it succeeded', async (t) => {
  const { disk, journal } = begun(t);
  journal.append(STORY[0]!);
  disk.failures = 1;
  const both = await Promise.allSettled([journal.durable(), journal.durable()]);
  t.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await journal.close();
});

test('whoever goes on after a death between a failed sync and its mending trusts nothing that was not noted', async (t) => {
  const { paths, disk, journal, about, inode } = begun(t);
  for (const entry of STORY) journal.append(entry);
  disk.failures = 1;
  await t.throwsAsync(journal.durable());
  const before = inode();
  const { journal: head, sizeBytes } = recover(paths.journal, nodeFiles);
  const next = new Journal({ head, sizeBytes }, about as never);
  t.not(inode(), before);
  await next.close();
  const again = new Journal({ head, sizeBytes }, about as never);
  t.is(disk.rewrites, 1, 'what was noted is durable');
  await again.close();
});

test('a journal that cannot be made durable at the end is said to be so', async (t) => {
  const { disk, journal } = begun(t);
  journal.append(STORY[0]!);
  disk.failures = Infinity;
  const error = await t.throwsAsync(journal.close());
  t.true(isFleetError(error, 'DDPM_ERR_JOURNAL_WRITE'), error.message);
});

test('an owner that was displaced writes into a file without a name, and puts nothing in its place', async (t) => {
  const { paths, disk, journal, about } = begun(t);
  let isDisplaced = false;
  const fence = (): void => {
    if (isDisplaced) throw new Error('displaced');
  };
  const old = new Journal({ head: null, sizeBytes: 0 }, { ...about, fence } as never);
  old.append(STORY[0]!);
  await old.durable();
  isDisplaced = true;
  const { journal: head, sizeBytes } = recover(paths.journal, nodeFiles);
  const next = new Journal({ head, sizeBytes }, { ...about, isShared: true } as never);
  next.append(STORY[1]!);
  await next.durable();
  const [lines, noted] = [readFileSync(paths.journal, 'utf8'), readHead(nodeFiles, paths.journalHead)];
  for (const entry of STORY.slice(1)) old.append(entry);
  disk.failures = 1;
  await t.throwsAsync(old.durable(), { message: /EIO/ });
  await t.throwsAsync(old.durable(), { message: /displaced/ });
  t.is(readFileSync(paths.journal, 'utf8'), lines);
  t.deepEqual(readHead(nodeFiles, paths.journalHead), noted);
  await Promise.all([next.close(), journal.close(), old.close().catch(() => undefined)]);
});

test('what was about to be renamed when the run was taken over is gone', (t) => {
  const { paths } = begun(t);
  const file = nodeFiles.append(paths.journal);
  file.write(Buffer.from('old\n'));
  t.throws(() => nodeFiles.rewrite(paths.journal, 4, Buffer.from('new\n'), () => removeAside(paths.journal)));
  t.is(readFileSync(paths.journal, 'utf8'), 'old\n');
});
