import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runPaths } from '@ddpm-fleet/config';
import { isFleetError } from '@ddpm-fleet/core';
import { auditJournal } from '../../src/audit/index.js';
import { CostMeter } from '../../src/server/costs.js';
import { nodeFiles } from '../../src/server/files.js';
import { JournalFeed } from '../../src/server/journalFeed.js';
import { recover } from '../../src/server/recover.js';
import { isSealed, sealLine, type Seal } from '../../src/server/seal.js';
import { openSeal } from '../../src/server/sealFile.js';
import { linesOf, SHAPE, start, step, STORY } from '../audit/journalText.js';
import { newJournal } from './newJournal.js';

const KEY = Buffer.alloc(32, 7);

test('a seal fits its line and its key, and nothing else', (t) => {
  const sealed = sealLine('{"line":0,"kind":"step"}', KEY);
  t.true(isSealed(sealed, KEY));
  t.false(isSealed(sealed, Buffer.alloc(32, 8)));
  t.false(isSealed(sealed.replace('0', '1'), KEY));
  t.false(isSealed('{"line":0,"kind":"step"}', KEY));
  t.false(isSealed(`${sealed} `, KEY));
  t.is((JSON.parse(sealed) as { seal: string }).seal.length, 64);
});

function run(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-seal-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const paths = runPaths(dir);
  /** A life of the coordinator that writes down a start, and so many steps. */
  const live = async ({ key, isResealed }: Seal, steps: number): Promise<void> => {
    const found = recover(paths.journal, nodeFiles);
    const begin = { head: found.journal, sizeBytes: found.sizeBytes };
    const journal = newJournal(t, paths, { sealKey: key }, begin);
    const feed = new JournalFeed(journal, found, null as never, () => undefined, new CostMeter(), {
      isResealed,
    });
    const committed = Array.from({ length: steps }, (_, i) => step(found.globalStep + i));
    for (const entry of [start(found.globalStep), ...committed]) feed.append({ type: 'journal', entry });
    await feed.close();
  };
  const refusal = (mayReseal = false) => t.throws(() => openSeal(paths, mayReseal));
  return { paths, live, refusal };
}

test('a new run makes its key, which only its user may read, and its journal bears the seal', async (t) => {
  const { paths, live } = run(t);
  const seal = openSeal(paths, false);
  t.is(statSync(paths.sealKey).mode & 0o777, 0o600);
  await live(seal, 2);
  t.deepEqual(openSeal(paths, false), seal);
  await live(openSeal(paths, false), 0);
  const texts = readFileSync(paths.journal, 'utf8').trimEnd().split('\n');
  t.true(texts.every((text) => isSealed(text, seal.key)));
  t.regex(texts[0]!, /"format":2/);
});

test('without the key, and behind other lines, a run goes on only when somebody says so, once, on record', async (t) => {
  const { paths, live, refusal } = run(t);
  await live(openSeal(paths, false), 2);
  const sealed = readFileSync(paths.journal, 'utf8');
  const older = `${linesOf(STORY).join('\n')}\n`;
  for (const [text, key] of [
    [sealed, undefined],
    [sealed, 'ab'.repeat(32)],
    [older, undefined],
  ] as const) {
    writeFileSync(paths.journal, text);
    rmSync(paths.sealKey);
    if (key) writeFileSync(paths.sealKey, key);
    t.true(isFleetError(refusal(), 'DDPM_ERR_JOURNAL_SEAL'));
    const seal = openSeal(paths, true);
    t.true(seal.isResealed);
    await live(seal, 0);
    t.regex(readFileSync(paths.journal, 'utf8').trimEnd().split('\n').at(-1)!, /"resealed":true/);
    t.like(openSeal(paths, true), { isResealed: false }, 'it is not needed any more');
    t.like(openSeal(paths, false), { isResealed: false });
  }
});

test('a key that is none is named', (t) => {
  const { paths, refusal } = run(t);
  writeFileSync(paths.sealKey, 'x');
  t.true(isFleetError(refusal(true), 'DDPM_ERR_SEAL_KEY'));
});

test('an audit that has the key finds a line which no coordinator of the run wrote', (t) => {
  const honest = linesOf(STORY, (text) => sealLine(text, KEY));
  const audit = (texts: string[], sealKey?: Buffer) =>
    auditJournal(texts, { ...SHAPE, anchors: [], checkpoints: [], ...(sealKey && { sealKey }) });
  t.like(audit(honest, KEY), { sealed: STORY.length, findings: [] });
  t.like(audit(honest), { sealed: null, findings: [] });
  // The chain alone does not know who wrote its end.
  const forged = linesOf(STORY, (text) => (text.includes('"end"') ? text : sealLine(text, KEY)));
  t.deepEqual(audit(forged).findings, []);
  t.like(audit(forged, KEY).findings[0], { kind: 'seal', line: STORY.length - 1 });
});
