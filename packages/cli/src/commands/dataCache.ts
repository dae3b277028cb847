import { chooseStale, listCache, removeCached, type CachedDataset } from '@ddpm-fleet/data';
import { fleetError } from '@ddpm-fleet/core';
import { Command, InvalidArgumentError } from 'commander';
import { jsonOption } from '../options.js';
import { bytes, note, print, printJson, printTable } from '../output.js';

interface PruneFlags {
  readonly olderThan?: number;
  readonly to?: number;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  ddpm-fleet data cache list
  ddpm-fleet data cache prune --older-than 30d
  ddpm-fleet data cache prune --to 20GiB --dry-run`;

export function dataCacheCommand(): Command {
  const cache = new Command('cache').description('decoded data sets that this machine keeps');
  cache
    .command('list')
    .description('what is kept, the least recently used first')
    .addOption(jsonOption())
    .action(list);
  cache
    .command('prune')
    .description('remove the least recently used, and what no release can read any more')
    .option('--older-than <days>', 'what was not used for so long, e.g. 30d', days)
    .option('--to <size>', 'until the rest takes no more than this, e.g. 20GiB', size)
    .option('--all', 'everything')
    .option('--dry-run', 'say what would go, and remove nothing')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(prune);
  return cache;
}

async function list({ json }: { json?: boolean }): Promise<void> {
  show(await listCache(), json === true);
}

async function prune(flags: PruneFlags): Promise<void> {
  const { olderThan, to, all } = flags;
  const limits = {
    now: new Date(),
    ...(olderThan !== undefined && { olderThanMs: olderThan }),
    ...((all || to !== undefined) && { toBytes: all ? -1 : to! }),
  };
  const stale = chooseStale(await listCache(), limits);
  const failed = flags.dryRun ? [] : await removeCached(stale);
  show(stale, flags.json === true);
  note(flags.dryRun ? 'nothing was removed (--dry-run)' : `removed ${stale.length - failed.length}`);
  const [first] = failed;
  if (first) throw fleetError('DDPM_ERR_DATA_PRUNE', { ...first });
}

function show(entries: readonly CachedDataset[], json: boolean): void {
  if (json) {
    const plain = entries.map(({ facts, usedAt, ...entry }) => ({
      ...entry,
      usedAt: usedAt.toISOString(),
      ...facts,
    }));
    return printJson(plain);
  }
  const rows = entries.map(({ facts, sizeBytes, usedAt, directory }) => [
    facts ? facts.name : 'unreadable',
    facts ? `${facts.size} x ${facts.imageSize}x${facts.imageSize}x${facts.channels}` : '-',
    bytes(sizeBytes),
    usedAt.toISOString().slice(0, 16).replace('T', ' '),
    directory,
  ]);
  printTable(['name', 'images', 'size', 'last used', 'directory'], rows);
  print(`${entries.length} entries, ${bytes(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))}`);
}

function days(text: string): number {
  const match = /^(\d+(?:\.\d+)?)d?$/.exec(text);
  if (!match) throw new InvalidArgumentError('a number of days is needed, e.g. 30d.');
  return Number(match[1]) * 24 * 3600 * 1000;
}

function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|TiB)$/i.exec(text);
  const power = ['b', 'kib', 'mib', 'gib', 'tib'].indexOf(match?.[2]!.toLowerCase() ?? '');
  if (!match) throw new InvalidArgumentError('a size is needed, e.g. 20GiB.');
  return Number(match[1]) * 1024 ** power;
}
