// A real Slurm of two virtual nodes with two fake GPUs each on this machine, for tests: no systemd, no cgroups, its
// configuration and state in a temporary directory. Needs root and the Debian packages slurm-wlm and munge.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const PORTS = { controller: 16817, n1: 16821, n2: 16822 };

/** Why there can be no cluster here; undefined where there can. Installs what is missing when asked to. */
export function clusterProblem(install = false) {
  if (process.platform !== 'linux') return 'Slurm runs on Linux';
  if (process.getuid() !== 0) return 'the daemons of a test cluster need root';
  if (hasSlurm()) return undefined;
  if (!install) return 'there is no slurmctld (Debian: apt-get install slurm-wlm munge)';
  try {
    const options = { stdio: 'ignore', timeout: 300_000 };
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'slurm-wlm', 'munge'], options);
  } catch (error) {
    return `slurm-wlm cannot be installed: ${error.message.split('\n')[0]}`;
  }
  return hasSlurm() ? undefined : 'slurm-wlm was installed and has no slurmctld';
}

const hasSlurm = () => ['/usr/sbin/slurmctld', '/usr/sbin/munged'].every((path) => existsSync(path));

/** Starts munge, the controller and both nodes; `env` is for sbatch and its like. */
export async function startCluster() {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-slurm-'));
  for (const name of ['state', 'spool/n1', 'spool/n2', 'log'])
    mkdirSync(join(dir, name), { recursive: true });
  const munge = startMunge();
  // gres wants character devices: these are the null device by another name.
  for (const i of [0, 1]) execFileSync('mknod', [join(dir, `fakegpu${i}`), 'c', '1', '3']);
  writeFileSync(join(dir, 'slurm.conf'), configuration(dir));
  writeFileSync(join(dir, 'gres.conf'), `NodeName=n[1-2] Name=gpu File=${dir}/fakegpu[0-1]\n`);
  const env = { ...process.env, SLURM_CONF: join(dir, 'slurm.conf') };
  const daemons = new Map();
  const start = (name, command, args) =>
    daemons.set(name, spawn(command, args, { env, stdio: 'ignore', detached: true }));
  start('controller', 'slurmctld', ['-D']);
  const cluster = {
    dir,
    env,
    run: (command, ...args) => execFileSync(command, args, { env, encoding: 'utf8' }).trim(),
    startNode: (node) => start(node, 'slurmd', ['-D', '-N', node]),
    /** As when its power is cut: the daemon and everything that ran under it. */
    killNode: (node) => killAll(processesOf(dir, node)),
    async close() {
      for (const node of ['n1', 'n2']) cluster.killNode(node);
      daemons.get('controller').kill('SIGKILL');
      munge?.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  for (const node of ['n1', 'n2']) cluster.startNode(node);
  await until(() => cluster.run('sinfo', '-h', '-t', 'idle', '-o', '%D') === '2', 'two idle nodes', 30_000);
  return cluster;
}

export async function until(look, what, limitMs = 120_000) {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    try {
      const found = await look();
      if (found) return found;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`not within ${limitMs / 1000} s: ${what}`);
}

function startMunge() {
  if (existsSync('/run/munge/munge.socket.2') && isAlive('/run/munge/munged.pid')) return undefined;
  mkdirSync('/run/munge', { recursive: true });
  execFileSync('chown', ['munge:', '/run/munge']);
  const child = spawn('runuser', ['-u', 'munge', '--', '/usr/sbin/munged', '--foreground', '--force'], {
    stdio: 'ignore',
  });
  return child;
}

function isAlive(pidFile) {
  try {
    return process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
  } catch {
    return false;
  }
}

/** The daemon of a node, its step daemons (which are named after node and job) and what runs below them. */
function processesOf(dir, node) {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args=', '-ww'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter(Boolean)
    .map(([, pid, parent, args]) => ({ pid: Number(pid), parent: Number(parent), args }));
  const roots = table.filter(({ pid, args }) => isOfNode(pid, args, dir, node));
  const found = new Set(roots.map(({ pid }) => pid));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of table) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function isOfNode(pid, args, dir, node) {
  if (!/slurmd -D -N|slurmstepd/.test(args)) return false;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const isOurs = environment.includes(`SLURM_CONF=${join(dir, 'slurm.conf')}`);
    return isOurs && (args.includes(`-N ${node}`) || stepNode(pid) === node);
  } catch {
    return false;
  }
}

/** A step daemon keeps the socket of its node's spool directory open; its log says whose it is. */
function stepNode(pid) {
  const sockets = execFileSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' });
  return /d\.(n[12])\.log/.exec(sockets)?.[1];
}

function killAll(pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function configuration(dir) {
  const host = hostname().split('.')[0];
  const node = (name) =>
    `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${PORTS[name]} CPUs=4 RealMemory=4000 Gres=gpu:2 State=UNKNOWN`;
  return `ClusterName=ddpmtest
SlurmctldHost=${host}(127.0.0.1)
AuthType=auth/munge
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldPidFile=${dir}/slurmctld.pid
SlurmdPidFile=${dir}/slurmd.%n.pid
SlurmdSpoolDir=${dir}/spool/%n
StateSaveLocation=${dir}/state
SlurmctldLogFile=${dir}/log/ctld.log
SlurmdLogFile=${dir}/log/d.%n.log
SlurmctldPort=${PORTS.controller}
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
GresTypes=gpu
KillWait=5
SlurmdTimeout=10
JobRequeue=1
SlurmdParameters=config_overrides
${node('n1')}
${node('n2')}
PartitionName=gpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`;
}
