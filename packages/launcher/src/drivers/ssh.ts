import { fileURLToPath } from 'node:url';
import { shellWord } from '@ddpm-fleet/core';
import type { LauncherDriver } from '../driver.js';
import type { HostLine } from '../hosts.js';
import { remoteDriver, type Reach } from './remote.js';

const AGENT = fileURLToPath(new URL('../remote/agent.js', import.meta.url));

export interface SshOptions {
  readonly hosts: readonly HostLine[];
  /** Installation of this host: the agent lies in it. */
  readonly root: string;
  /** For `ssh -F`; default: ssh's own. */
  readonly configFile?: string;
}

/** Never asks, never waits long, and notices within 15 s that a host is gone. Known hosts are ssh's affair. */
const CONNECTION = [
  ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'],
  ...['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3'],
];

/** Processes on other hosts through the system's `ssh` with the user's keys; each dies with its connection. */
export function sshDriver(options: SshOptions & { readonly graceMs: number }): LauncherDriver {
  const lineOf = new Map(options.hosts.map((line) => [line.name, line]));
  return remoteDriver({
    name: 'ssh',
    graceMs: options.graceMs,
    reach: ({ host }) => sshReach(lineOf.get(host)!, options, [AGENT]),
    explain: explainSsh,
  });
}

/** The ssh command that runs node on a host. @param args its arguments; paths in this installation become its own */
export function sshReach(line: HostLine, options: SshOptions, args: readonly string[]): Reach {
  const remote = [line.node ?? 'node', ...args.map((arg) => onHost(arg, line, options.root))];
  return {
    command: 'ssh',
    args: [
      ...(options.configFile === undefined ? [] : ['-F', options.configFile]),
      ...CONNECTION,
      '-T',
      ...(line.port === undefined ? [] : ['-p', String(line.port)]),
      line.target,
      `exec ${remote.map(shellWord).join(' ')}`,
    ],
  };
}

function onHost(arg: string, { dir }: HostLine, root: string): string {
  return dir !== undefined && arg.startsWith(`${root}/`) ? `${dir}${arg.slice(root.length)}` : arg;
}

/** @internal */
export function lastLine(words: string, pattern = /\S/): string {
  return words.split(/[\r\n]+/).findLast((line) => pattern.test(line)) ?? 'it said nothing';
}

const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /Permission denied/,
    'the key was not accepted. Try `ssh HOST true`; ssh-copy-id or ssh-add puts it right',
  ],
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION/,
    'its host key is not the known one. Connect once by hand and check the fingerprint',
  ],
  [/Connection refused/, 'no sshd listens there. Check that the host is up, and the port'],
  [/timed out|Timeout|No route to host/, 'it does not answer. Check that it is up, and the firewall'],
  [/Could not resolve hostname/, 'its name does not resolve. Check the spelling, DNS or /etc/hosts'],
  [/Cannot find module/, 'ddpm-fleet is not where it is here. Install it, or say dir=PATH in the hosts file'],
  [
    /not found|No such file or directory/,
    'there is no Node there. Install it, or say node=PATH in the hosts file',
  ],
  [/Connection .*(closed|reset)|Broken pipe/, 'the connection broke'],
];

/** What ssh's last words mean, in the user's terms and with the remedy. */
export function explainSsh(host: string, words: string): string {
  const [pattern, meaning] = MEANINGS.find(([pattern]) => pattern.test(words)) ?? [];
  const last = lastLine(words, pattern);
  return meaning ? `${host}: ${meaning.replace('HOST', host)} (ssh: ${last})` : `${host}: ssh: ${last}`;
}
