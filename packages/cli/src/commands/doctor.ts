import { checkEngine } from '@ddpm-fleet/engine';
import { Command } from 'commander';
import type { Check } from '../doctor/check.js';
import { checkHost } from '../doctor/host.js';
import { checkHosts, type HostsFlags } from '../doctor/hosts.js';
import { jsonOption, nonNegativeInteger } from '../options.js';
import { print, printJson } from '../output.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check what launches fail on; one line each, with the remedy')
    .option('--hosts <file|a,b>', 'also every one of these hosts over ssh, as launch --launcher ssh would')
    .option('--ssh-config <file>', 'for ssh -F')
    .option('--shared <dir>', 'a directory that all hosts should see and may write')
    .option('--advertise <address>', 'address by which they reach this host')
    .option('--port <n>', 'port of the coordinator', nonNegativeInteger)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  ddpm-fleet doctor\n  ddpm-fleet doctor --hosts hosts.txt --shared /mnt/runs',
    )
    .action(doctor);
}

interface DoctorFlags extends Partial<HostsFlags> {
  readonly json?: boolean;
}

async function doctor({ hosts, ...flags }: DoctorFlags): Promise<void> {
  const others = hosts === undefined ? [] : await checkHosts({ ...flags, hosts });
  const checks: Check[] = [...(await checkHost(flags.port)), ...(await checkEngine()), ...others];
  if (flags.json) printJson(checks);
  else for (const check of checks) print(line(check));
  if (checks.some((check) => !check.ok)) process.exitCode = 1;
}

function line({ name, ok, detail, remedy }: Check): string {
  return `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(20)}  ${detail}${ok || !remedy ? '' : `\n      ${remedy}`}`;
}
