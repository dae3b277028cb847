import { checkEngine } from '@ddpm-fleet/engine';
import { Command } from 'commander';
import { checkHost } from '../doctor/host.js';
import { jsonOption } from '../options.js';
import { print, printJson } from '../output.js';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check what launches fail on; one line each, with the remedy')
    .addOption(jsonOption())
    .action(doctor);
}

async function doctor(flags: { json?: boolean }): Promise<void> {
  const checks: Check[] = [...(await checkHost()), ...(await checkEngine())];
  if (flags.json) printJson(checks);
  else for (const check of checks) print(line(check));
  if (checks.some((check) => !check.ok)) process.exitCode = 1;
}

function line({ name, ok, detail, remedy }: Check): string {
  return `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(20)}  ${detail}${ok || !remedy ? '' : `\n      ${remedy}`}`;
}
