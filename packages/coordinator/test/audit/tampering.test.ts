import test from 'ava';
import { auditJournal, type Finding } from '../../src/audit/index.js';
import { hashLine } from '../../src/server/journalLine.js';
import { linesOf, SHAPE, STORY } from './journalText.js';

const TEXTS = linesOf(STORY);
const LAST = TEXTS.length - 1;
const HEAD = { source: 'journal.head', line: LAST, hash: hashLine(TEXTS[LAST]!) };

function findings(texts: readonly string[]): readonly Finding[] {
  return auditJournal(texts, { ...SHAPE, anchors: [HEAD], checkpoints: [] }).findings;
}

/** What is told of it, as `kind line`. */
function told(texts: readonly string[]): string[] {
  return findings(texts).map(({ kind, line }) => `${kind} ${line}`);
}

test('nothing is found in a journal as it was written', (t) => {
  t.deepEqual(findings(TEXTS), []);
});

test('whichever byte of whichever line is changed, that line is named, and no other', (t) => {
  let flips = 0;
  for (const [line, text] of TEXTS.entries()) {
    for (let at = 0; at < text.length; at++) {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ 1);
      const changed = TEXTS.with(line, text.slice(0, at) + flipped + text.slice(at + 1));
      const found = findings(changed);
      flips++;
      if (found.length === 1 && found[0]!.line === line && /changed|damaged/.test(found[0]!.kind)) continue;
      t.fail(`byte ${at} of line ${line}: ${JSON.stringify(found)}`);
    }
  }
  t.true(flips > 2000);
});

test('a line that was removed is named', (t) => {
  for (let line = 0; line < LAST; line++) t.deepEqual(told(TEXTS.toSpliced(line, 1)), [`missing ${line}`]);
});

test('two lines that were swapped are named', (t) => {
  for (const [a, b] of [
    [3, 4],
    [0, 1],
    [5, 12],
    [LAST - 1, LAST],
    [0, LAST],
  ] as const) {
    const swapped = TEXTS.with(a, TEXTS[b]!).with(b, TEXTS[a]!);
    t.deepEqual(
      findings(swapped).map(({ detail }) => detail),
      [`lines ${a} and ${b} are swapped`],
    );
  }
});

test('a tail that was cut off is named, however short it is', (t) => {
  for (let kept = 0; kept < TEXTS.length; kept++) {
    const [found, ...more] = findings(TEXTS.slice(0, kept));
    t.deepEqual([found?.kind, found?.line, more.length], ['cutOff', kept, 0]);
    t.regex(found!.detail, /journal\.head knows line 14/);
  }
});

test('a checkpoint finds a cut-off tail where nothing else is left', (t) => {
  const anchors = [{ source: 'checkpoint step-00000006', line: 12, hash: hashLine(TEXTS[12]!) }];
  const audit = (texts: string[]) => auditJournal(texts, { ...SHAPE, anchors, checkpoints: [] });
  t.regex(
    audit(TEXTS.slice(0, 9)).findings[0]!.detail,
    /checkpoint step-00000006 knows line 12, but it ends with line 8/,
  );
  t.is(audit(TEXTS).anchored, 1);
});

test('a line that is there twice, and one in another’s place', (t) => {
  t.deepEqual(told(TEXTS.toSpliced(5, 0, TEXTS[4]!)), ['repeated 4']);
  const moved = TEXTS.toSpliced(3, 1).toSpliced(8, 0, TEXTS[3]!);
  t.true(
    told(moved).every((one) => one.startsWith('misplaced')),
    told(moved).join(),
  );
});

test('a line that was changed together with the whole tail after it is found by the anchor', (t) => {
  const other = linesOf(STORY.with(4, { ...STORY[4]!, reason: 'another past' } as (typeof STORY)[number]));
  t.deepEqual(told(other), [`changed ${LAST}`]);
});
