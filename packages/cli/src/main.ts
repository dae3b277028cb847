import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { outliveHangup } from '@ddpm-fleet/config';
import { isFleetError } from '@ddpm-fleet/core';
import { commands } from './commands/index.js';
import { expandHome } from './options.js';
import { note } from './output.js';
import { partWorkerCommand } from './commands/partWorker.js';

/**
 * Runs one command line.
 * @returns the exit code: 0 it was done, 2 the input was wrong, 1 something failed at run time
 */
export async function main(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) outliveReader(stream);
  outliveHangup();
  const program = buildProgram();
  try {
    await program.parseAsync(argv.map(expandHome), { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    return report(error);
  }
}

export function buildProgram(): Command {
  const program = new Command('ddpm-fleet')
    .description('DDPM training on a fleet of GPUs: the same weights, bit for bit, on any number of workers.')
    .version(version())
    .showHelpAfterError('(ddpm-fleet --help lists the commands)')
    .configureHelp({ showGlobalOptions: true });
  for (const command of commands) program.addCommand(command());
  program.addCommand(partWorkerCommand(), { hidden: true });
  overrideExits(program);
  return program;
}

/** A reader that has seen enough (`| head`) is no failure: a run goes on without it. */
function outliveReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

function overrideExits(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExits(child);
}

/** A user's mistake is one line; only a bug of ours shows a stack trace. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (isFleetError(error)) {
    note(`error: ${error.message} [${error.code}]`);
    return error.exitCode;
  }
  note('ddpm-fleet failed in a way it should not; please report this:');
  note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
