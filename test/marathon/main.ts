import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ddpmFleet } from '../support/cli.js';
import { disturbedRun, joined } from './disturbed.js';
import { document } from './fleet.js';
import { FULL, SHORT } from './plan.js';
import { judge, type Audited, type Verdict } from './verdict.js';

/**
 * One run that is killed all the time, and the same run left in peace: the same weights. Flags: --short, --seed N,
 * --keep (leaves the directory of both runs).
 */
async function main(argv: readonly string[]): Promise<boolean> {
  const short = argv.includes('--short');
  const seed = argv.includes('--seed') ? Number(argv[argv.indexOf('--seed') + 1]) : undefined;
  const plan = { ...(short ? SHORT : FULL), ...(seed !== undefined && { seed }) };
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-marathon-'));
  const began = performance.now();
  const say = (text: string): void =>
    console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
  const [disturbed, undisturbed] = [join(dir, 'disturbed'), join(dir, 'undisturbed')];
  say(`both runs are in ${dir}`);
  let holds = false;
  try {
    const reports = await disturbedRun(disturbed, plan, say);
    const audit = await document<Audited>(['audit', disturbed]);
    say(`the run ended in order at step ${audit.globalStep}; now the same steps in peace`);
    await peacefulRun(undisturbed, audit.globalStep);
    const digests = { disturbed: await digest(disturbed), undisturbed: await digest(undisturbed) };
    const verdict = judge({ plan, reports, joins: joined(disturbed), audit, digests });
    say('done\n');
    show(verdict);
    holds = verdict.holds;
  } finally {
    if (holds && !argv.includes('--keep')) rmSync(dir, { recursive: true, force: true });
    else say(`kept: ${dir}`);
  }
  return holds;
}

async function peacefulRun(dir: string, steps: number): Promise<void> {
  const set = ['--set', 'checkpoint.everySteps=5000'];
  const args = [
    'launch',
    'configs/marathon.yaml',
    '--run-dir',
    dir,
    '--workers',
    '1',
    '--steps',
    String(steps),
    ...set,
  ];
  const { code, stderr } = await ddpmFleet(args, { timeoutMs: 4 * 3_600_000 });
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}\n${stderr}`);
}

async function digest(dir: string): Promise<string> {
  const { code, stdout, stderr } = await ddpmFleet(['checkpoint', 'digest', dir]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

function show({ rows, holds }: Verdict): void {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows) {
    const cells = [0, 1, 2].map((column) => String(row[column]).padEnd(widths[column]!));
    console.log(`${row[3] ? ' ' : '!'} ${cells.join('  ')}`.trimEnd());
  }
  console.log(
    holds
      ? '\nThe weights are those of the undisturbed run.'
      : '\nSomething does not hold: see the lines with !.',
  );
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
