import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths } from '@ddpm-fleet/config';
import { fleetError } from '@ddpm-fleet/core';
import { Command } from 'commander';
import { readLive, type Live } from '../launch/live.js';
import { note, print } from '../output.js';
import { findRun } from '../target.js';

const LOOK_MS = 200;
const PATIENCE_MS = 60_000;

export function drainCommand(): Command {
  return new Command('drain')
    .description('let workers finish what they hold and leave; the run goes on without them')
    .argument('<run>', 'name or directory of a run that runs on this host')
    .argument('[workers...]', 'their names, as status lists them')
    .option('--host <name>', 'all workers of this host, e.g. before it is switched off')
    .addHelpText(
      'after',
      '\nExamples:\n  ddpm-fleet drain cifar10 worker-3\n  ddpm-fleet drain cifar10 --host gpu2',
    )
    .action(drain);
}

async function drain(text: string, names: readonly string[], flags: { host?: string }): Promise<void> {
  const dir = findRun(text);
  const wanted = chosen(readLive(dir), names, flags.host, dir);
  const { requests } = runPaths(dir);
  mkdirSync(requests, { recursive: true });
  for (const id of wanted) writeFileSync(join(requests, `${id}.drain`), '');
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const ids = present(readLive(dir));
    const left = wanted.filter((id) => ids.includes(id));
    if (left.length === 0) return print(`drained: ${wanted.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  note(
    `They have been asked; after ${PATIENCE_MS / 1000} s some are still there. Look at ddpm-fleet status.`,
  );
  process.exitCode = 1;
}

/** @throws DDPM_ERR_DRAIN for a run that does not run, a name that is none of its workers', or nobody named */
function chosen(
  live: Live | undefined,
  names: readonly string[],
  host: string | undefined,
  dir: string,
): readonly string[] {
  const problem = (reason: string) => fleetError('DDPM_ERR_DRAIN', { dir, reason });
  if (!live) throw problem('it does not run on this host');
  const ids = present(live);
  const unknown = names.find((name) => !ids.includes(name));
  if (unknown !== undefined) throw problem(`it has no worker ${unknown}, but ${ids.join(', ')}`);
  const onHost = live.workers.filter((worker) => worker.host === host).map(({ id }) => id);
  if (host !== undefined && onHost.length === 0) throw problem(`no worker of it is on ${host}`);
  const wanted = [...new Set([...names, ...onHost])];
  if (wanted.length === 0) throw problem('name workers, or a host with --host');
  return wanted;
}

function present(live: Live | undefined): string[] {
  return (live?.workers ?? []).map(({ id }) => id);
}
