import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  AWKWARD_TEXTS,
  commentLines,
  printable,
  printableLine,
  sbatchPattern,
  sbatchWord,
  shellWord,
} from '../src/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'ddpm-quote-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

const ECHO = ['-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--'];

for (const shell of ['sh', 'bash']) {
  test(`shellWord: ${shell} gives a program each awkward value as it was`, (t) => {
    const line = [process.execPath, ...ECHO, ...AWKWARD_TEXTS].map(shellWord).join(' ');
    const said = execFileSync(shell, ['-c', line], { cwd: scratch, encoding: 'utf8' });
    t.deepEqual(JSON.parse(said), [...AWKWARD_TEXTS]);
    t.false(existsSync(join(scratch, 'INJECTED')));
  });
}

/** What sbatch makes of the rest of an #SBATCH line (Slurm 23.11, `_get_argument`). */
function readDirective(line: string): string[] {
  const found: string[] = [];
  let [word, quote, isOpen] = ['', '', false];
  for (let at = 0; at < line.length; at++) {
    const c = line[at]!;
    if (c === '\\') {
      word += line[++at] ?? '';
      isOpen = true;
    } else if (quote) c === quote ? (quote = '') : (word += c);
    else if (c === '"' || c === "'") [quote, isOpen] = [c, true];
    else if (c === '#') break;
    else if (/\s/.test(c)) {
      if (isOpen) found.push(word);
      [word, isOpen] = ['', false];
    } else [word, isOpen] = [word + c, true];
  }
  return isOpen ? [...found, word] : found;
}

test('sbatchWord: one argument each, or refused where a line cannot hold it', (t) => {
  for (const text of AWKWARD_TEXTS.map((value) => `--comment=${value}`)) {
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(text)) t.throws(() => sbatchWord(text), { instanceOf: TypeError });
    else t.deepEqual(readDirective(sbatchWord(text)), [text]);
  }
});

test('sbatchPattern: a percent sign of a path is itself', (t) => {
  t.is(sbatchPattern('/runs/100%j/logs'), '/runs/100%%j/logs');
});

test('commentLines: whatever is in it, every line is a comment', (t) => {
  for (const text of AWKWARD_TEXTS) {
    t.true(
      commentLines(text)
        .split(/[\n\r\u0085\u2028\u2029]/)
        .every((line) => line.startsWith('# ')),
    );
  }
});

test('printable: nothing that a terminal obeys is left, and nothing else is changed', (t) => {
  const obeyed = /[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
  for (const text of AWKWARD_TEXTS) {
    t.notRegex(printable(text).replace(/[\t\n]/g, ''), obeyed);
    t.notRegex(printableLine(text), obeyed);
    if (!obeyed.test(text)) t.is(printableLine(text), text);
  }
  t.is(printable('a\n\u001b[2Jb\u009bc'), 'a\n\\u001b[2Jb\\u009bc');
  t.is(printableLine('a\nb'), 'a\\u000ab');
});
