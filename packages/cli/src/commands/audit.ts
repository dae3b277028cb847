import { fleetError } from '@ddpm-fleet/core';
import { Command } from 'commander';
import { auditRun, type RunAudit } from '../audit/inspect.js';
import { jsonOption } from '../options.js';
import { print, printJson, printTable } from '../output.js';
import { findRun } from '../target.js';

const EXAMPLES = `
Examples:
  ddpm-fleet audit runs/quickstart
  ddpm-fleet audit quickstart --json

The exit code is 1 when something is found: a line that was changed, removed, swapped or cut off, a position that was
not used exactly once, a step that came out otherwise when it was computed again, a checkpoint that is another one.`;

export function auditCommand(): Command {
  return new Command('audit')
    .description('prove from the journal that each image was used exactly once, and say who computed what')
    .argument('<run>', 'name or directory of a run')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(audit);
}

async function audit(text: string, flags: { json?: boolean }): Promise<void> {
  const result = await auditRun(findRun(text));
  const { findings } = result;
  if (flags.json) printJson({ ok: findings.length === 0, ...result });
  else show(result);
  if (findings.length === 0) return;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  throw fleetError('DDPM_ERR_AUDIT', { runDir: result.runDir, first: `${findings[0]!.detail}${more}` });
}

function show(audit: RunAudit): void {
  const count = (n: number): string => n.toLocaleString('en-US');
  const holds = audit.findings.length === 0;
  print(`run          ${audit.runDir}${audit.isLive ? ' (running)' : ''}`);
  print(`journal      ${count(audit.lines)} lines, head ${audit.head ?? 'none'}`);
  showBranch(audit);
  print(
    `chain        ${holds ? 'unbroken' : 'see below'}; ${audit.anchored} heads noted elsewhere are in it`,
  );
  showSeal(audit);
  print(
    `steps        ${count(audit.globalStep - (audit.branch?.globalStep ?? 0))}, each committed once${skipped(audit)}`,
  );
  print(
    `positions    ${count(audit.positions)} of the stream, ${audit.epochs.toFixed(2)} epochs of ${count(audit.datasetSize)} images`,
  );
  print(
    `rewinds      ${audit.rewinds}; ${count(audit.recomputed)} steps computed again, ${count(audit.recomputedEqual)} with the same digest`,
  );
  print(`checkpoints  ${audit.checkpointsWhole} whole, ${audit.checkpointsEqual} with the journal’s digest`);
  print(`coordinator  started ${audit.coordinatorStarts} times`);
  if (audit.unfinishedBytes > 0)
    print(
      `note         the last ${audit.unfinishedBytes} bytes are a line that was cut short; nobody was told of it`,
    );
  print('');
  showWorkers(audit);
  if (holds) return print('\nnothing wrong was found');
  print('');
  for (const { kind, detail } of audit.findings) print(`${kind}: ${detail}`);
}

function showSeal({ sealed }: RunAudit): void {
  const what =
    sealed === null ? 'not checked: there is no seal.key' : `${sealed.toLocaleString('en-US')} lines bear it`;
  print(`seal         ${what}`);
}

function showBranch({ branch }: RunAudit): void {
  if (branch) print(`branch       of run ${branch.runId} at step ${branch.globalStep}, ${branch.digest}`);
}

function skipped({ skipped }: RunAudit): string {
  return skipped.length > 0 ? `; ${skipped.length} not finite and skipped` : '';
}

function showWorkers({ workers }: RunAudit): void {
  printTable(
    ['worker', 'steps', 'slots', 'images', 'abandoned', 'in part', 'joined', 'lost'],
    workers.map((w) => [
      w.worker,
      w.steps,
      w.slots,
      w.images,
      w.abandonedSlots,
      w.partSlots,
      w.joined,
      w.left,
    ]),
  );
}
