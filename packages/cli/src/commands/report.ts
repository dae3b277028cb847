import { join, resolve } from 'node:path';
import { readHistory, reportPage, type Verdict } from '@ddpm-fleet/report';
import { isFleetError } from '@ddpm-fleet/core';
import { Command } from 'commander';
import { auditRun } from '../audit/inspect.js';
import { print } from '../output.js';
import { findRun } from '../target.js';
import { newestGrids } from '../watching/grids.js';
import { writePage } from '../watching/writePage.js';

/** Grids on a page: it stands alone, and each is in it. */
const GRIDS = 6;

export function reportCommand(): Command {
  return new Command('report')
    .description(
      'one HTML file of a run: curves, where the time went, what it survived, audit, samples, settings',
    )
    .argument('<run>', 'name or directory of a run, also one that goes on')
    .option('--out <file>', 'default: report.html in the directory of the run')
    .action(report);
}

async function report(text: string, { out }: { out?: string }): Promise<void> {
  const dir = findRun(text);
  const file = resolve(out ?? join(dir, 'report.html'));
  const page = reportPage(readHistory(dir), newestGrids(dir, GRIDS), await verdictOf(dir));
  writePage(file, page);
  print(file);
}

async function verdictOf(dir: string): Promise<Verdict> {
  try {
    const audit = await auditRun(dir);
    const count = (n: number): string => n.toLocaleString('en-US');
    const facts = [
      `${count(audit.lines)} lines of the journal in an unbroken chain`,
      `${count(audit.positions)} positions of the stream, each used exactly once: ${audit.epochs.toFixed(2)} epochs`,
      `${count(audit.recomputed)} steps computed again, ${count(audit.recomputedEqual)} with the same digest`,
      `${audit.checkpointsWhole} checkpoints whole, ${audit.checkpointsEqual} with the journal’s digest`,
    ];
    const found = audit.findings.map(({ kind, detail }) => `${kind}: ${detail}`);
    return found.length > 0 ? { isClean: false, words: found } : { isClean: true, words: facts };
  } catch (error) {
    // A run that has no journal yet.
    if (!isFleetError(error)) throw error;
    return { isClean: false, words: [error.message] };
  }
}
