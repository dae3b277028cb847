import { resolve } from 'node:path';
import { compareRuns, comparisonPage, comparisonRows, readHistory } from '@ddpm-fleet/report';
import { Command } from 'commander';
import { jsonOption } from '../options.js';
import { print, printJson, printTable } from '../output.js';
import { findRun } from '../target.js';
import { newestGrids } from '../watching/grids.js';
import { writePage } from '../watching/writePage.js';

export function compareCommand(): Command {
  return new Command('compare')
    .description('how runs differ: settings, losses, speed, samples')
    .argument('<run>', 'name or directory of a run')
    .argument('<runs...>', 'the others')
    .option('--out <file>', 'also a page with their curves over each other')
    .addOption(jsonOption())
    .action(compare);
}

interface CompareFlags {
  readonly json?: boolean;
  readonly out?: string;
}

function compare(first: string, others: readonly string[], { json, out }: CompareFlags): void {
  const names = [first, ...others];
  const dirs = names.map(findRun);
  const histories = dirs.map(readHistory);
  const comparison = compareRuns(histories);
  if (out !== undefined) {
    const grids = dirs.map((dir) => newestGrids(dir, 1)[0]);
    writePage(resolve(out), comparisonPage(histories, names, grids));
  }
  if (json) return printJson(comparison);
  printTable(['', ...names], comparisonRows(comparison));
  const { lossesDifferFrom } = comparison;
  print('');
  print(
    lossesDifferFrom === null
      ? 'the losses are the same at every step that all of them have'
      : `the losses differ from step ${lossesDifferFrom} on`,
  );
  if (out !== undefined) print(resolve(out));
}
