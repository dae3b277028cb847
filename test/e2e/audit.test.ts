import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ddpmFleet, scratch } from '../support/cli.js';
import { TINY } from '../support/tinyRun.js';

const STEPS = 6;

test.serial(
  'a run is audited and replayed; a journal that was tampered with, and another state, are named',
  async (t) => {
    t.timeout(240_000);
    const dir = scratch();
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const run = join(dir, 'run');
    const made = await ddpmFleet(
      [
        'launch',
        'configs/quickstart.yaml',
        ...TINY,
        '--run-dir',
        run,
        '--workers',
        '2',
        '--steps',
        String(STEPS),
      ],
      { timeoutMs: 200_000 },
    );
    t.is(made.code, 0, made.stderr);

    const audit = await ddpmFleet(['audit', run, '--json']);
    t.is(audit.code, 0, audit.stderr);
    const facts = JSON.parse(audit.stdout);
    t.like(facts, { ok: true, globalStep: STEPS, positions: STEPS * 8, checkpointsEqual: 1, findings: [] });
    t.is(
      facts.workers.reduce((sum: number, { images }: { images: number }) => sum + images, 0),
      STEPS * 8,
    );

    const replay = await ddpmFleet(['replay', run, '--step', String(STEPS - 1), '--json']);
    t.is(replay.code, 0, replay.stderr);
    t.like(JSON.parse(replay.stdout), { equal: true, stateEqual: true, from: { name: 'the seed' } });
    const beyond = await ddpmFleet(['replay', run, '--step', String(STEPS)]);
    t.is(beyond.code, 2);
    t.regex(beyond.stderr, /DDPM_ERR_REPLAY_STEP/);

    const journal = join(run, 'journal.ndjson');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    const at = lines.findIndex((line) => line.includes('"kind":"step","globalStep":3'));
    const write = (changed: readonly string[]) => writeFileSync(journal, `${changed.join('\n')}\n`);
    const finds = async (changed: readonly string[], what: RegExp): Promise<void> => {
      write(changed);
      const { code, stdout, stderr } = await ddpmFleet(['audit', run]);
      t.is(code, 1);
      t.regex(stdout, what);
      t.regex(stderr, /DDPM_ERR_AUDIT/);
    };
    await finds(
      lines.with(at, lines[at]!.replace('"slots":[[0', '"slots":[[1')),
      new RegExp(`^changed: line ${at} `, 'm'),
    );
    await finds(lines.toSpliced(at, 1), new RegExp(`^missing: line ${at} is missing`, 'm'));
    await finds(
      lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!),
      new RegExp(`^misplaced: lines ${at} and ${at + 1}`, 'm'),
    );
    await finds(lines.slice(0, -1), /^cutOff: the tail is cut off: journal.head knows/m);

    const lie = lines.map((line) => line.replace(/"gradientDigest":"./, '"gradientDigest":"x'));
    write(lie);
    const differs = await ddpmFleet(['replay', run, '--step', '0']);
    t.is(differs.code, 1);
    t.regex(differs.stderr, /step 0 comes out otherwise than the journal says.*DDPM_ERR_REPLAY/);
  },
);

test('chaos refuses a run that is not going on', async (t) => {
  const { code, stderr } = await ddpmFleet(['chaos', 'nothing-here']);
  t.is(code, 2);
  t.regex(stderr, /DDPM_ERR_RUN_MISSING/);
});
