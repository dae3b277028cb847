import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

/** Why there can be no sshd here; undefined where there can. */
export function sshdProblem(): string | undefined {
  if (!SSHD) return 'there is no sshd (Debian: apt-get install openssh-server)';
  if (process.platform !== 'linux') return 'two loopback hosts are had on Linux only';
  return undefined;
}

export interface Sshd {
  readonly dir: string;
  /** For `ssh -F`: the hosts alpha and beta, and `down`, where nobody listens. */
  readonly config: string;
  /** The same with a key that the hosts do not know. */
  readonly wrongKeyConfig: string;
  /** The same with host keys that are not known. */
  readonly strangerConfig: string;
  /** A hosts file of alpha and beta, a core each. */
  readonly hosts: string;
  close(): void;
}

/** A real sshd on 127.0.0.2 (alpha) and 127.0.0.3 (beta) with keys of its own, on a free port. */
export async function startSshd(): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-sshd-'));
  const port = await freePort();
  for (const name of ['hostkey', 'id', 'wrong']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  }
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const server = write('sshd_config', serverConfig(dir, port));
  const hostKey = readFileSync(join(dir, 'hostkey.pub'), 'utf8');
  write('known_hosts', ['127.0.0.2', '127.0.0.3'].map((ip) => `[${ip}]:${port} ${hostKey}`).join(''));
  write('empty', '');
  const child = spawn(SSHD!, ['-D', '-e', '-f', server], { stdio: 'ignore' });
  await listening('127.0.0.2', port);
  return {
    dir,
    config: write('ssh_config', clientConfig(dir, port, 'id', 'known_hosts')),
    wrongKeyConfig: write('ssh_wrong', clientConfig(dir, port, 'wrong', 'known_hosts')),
    strangerConfig: write('ssh_stranger', clientConfig(dir, port, 'id', 'empty')),
    hosts: write(
      'hosts.txt',
      `# two hosts\nalpha node=${process.execPath} cores=1\nbeta node=${process.execPath} cores=1\n`,
    ),
    close: () => {
      child.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function serverConfig(dir: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.2',
    'ListenAddress 127.0.0.3',
    `HostKey ${dir}/hostkey`,
    `PidFile ${dir}/sshd.pid`,
    `AuthorizedKeysFile ${dir}/id.pub`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'MaxStartups 100',
    '',
  ].join('\n');
}

function clientConfig(dir: string, port: number, key: string, knownHosts: string): string {
  const host = (name: string, ip: string, at = port) => `Host ${name}\n  HostName ${ip}\n  Port ${at}\n`;
  const all = [
    `User ${userInfo().username}`,
    `IdentityFile ${dir}/${key}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${dir}/${knownHosts}`,
    'GlobalKnownHostsFile /dev/null',
  ];
  return `${host('alpha', '127.0.0.2')}${host('beta', '127.0.0.3')}${host('down', '127.0.0.4', 9)}Host *\n  ${all.join('\n  ')}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.2');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(host: string, port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('sshd does not come up');
}
