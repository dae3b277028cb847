import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ddpmFleet, scratch, type Finished } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const LIMITS = { timeoutMs: 240_000 };
const launch = (dir: string, args: readonly string[]): Promise<Finished> =>
  ddpmFleet(
    ['launch', 'configs/quickstart.yaml', ...TINY, '--run-dir', dir, '--workers', '1', ...args],
    LIMITS,
  );

async function said(t: ExecutionContext, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ddpmFleet(args, LIMITS);
  t.is(code, 0, stderr);
  return stdout;
}

test('a branch is a run of its own; another run and a journal that was cut are never gone over', async (t) => {
  t.timeout(600_000);
  const [old, branch] = [join(scratch(), 'old'), join(scratch(), 'branch')];
  const first = await launch(old, ['--steps', '4', '--set', 'checkpoint.everySteps=2']);
  t.is(first.code, 0, first.stderr);
  const digest = await said(t, ['checkpoint', 'digest', old]);
  const journal = readFileSync(join(old, 'journal.ndjson'));
  const checkpoint = join(old, 'checkpoints', 'step-00000002');

  const other = ['--set', 'optimizer.lr=0.0005', '--set', 'train.onNonFinite=skip'];
  const begun = await launch(branch, [
    ...other,
    '--resume',
    checkpoint,
    '--branch',
    'calmer',
    '--steps',
    '5',
  ]);
  t.is(begun.code, 0, begun.stderr);
  const audit = JSON.parse(await said(t, ['audit', branch, '--json']));
  t.like(audit, { ok: true, globalStep: 5, positions: 24, rewinds: 0, branch: { globalStep: 2 } });
  const { parent, runId } = JSON.parse(readFileSync(join(branch, 'run.json'), 'utf8'));
  t.deepEqual(Object.keys(parent.changed).toSorted(), ['optimizer.lr', 'train.onNonFinite']);
  t.not(parent.runId, runId);
  const longer = await launch(branch, [...other, '--resume', 'auto', '--steps', '6']);
  t.is(longer.code, 0, longer.stderr);

  const refused = await launch(old, [
    '--resume',
    join(branch, 'checkpoints', 'step-00000005'),
    '--steps',
    '8',
  ]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /is of another run.*--branch NAME.*DDPM_ERR_RESUME_OTHER/s);
  t.deepEqual(readFileSync(join(old, 'journal.ndjson')), journal);
  t.is(await said(t, ['checkpoint', 'digest', old]), digest);
  t.like(JSON.parse(await said(t, ['audit', old, '--json'])), { ok: true, globalStep: 4 });

  const cut = join(scratch(), 'cut');
  cpSync(old, cut, { recursive: true });
  rmSync(join(cut, 'journal.head'));
  const lines = journal.toString().split('\n');
  const before = lines.slice(0, lines.findIndex((line) => line.includes('"kind":"step"')) + 1);
  writeFileSync(join(cut, 'journal.ndjson'), `${before.join('\n')}\n`);
  const stopped = await launch(cut, ['--resume', 'auto', '--steps', '8']);
  t.is(stopped.code, 1, stopped.stderr);
  t.regex(
    stopped.stderr,
    /journal ends at step 1, before the oldest checkpoint.*step 2.*DDPM_ERR_JOURNAL_CUT/s,
  );
  t.notRegex(
    readFileSync(join(cut, 'journal.ndjson'), 'utf8').split('\n').slice(before.length).join(),
    /"kind":"step"/,
  );
});
