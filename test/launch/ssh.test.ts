import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { driverConformance, localDriver, readHosts, sshDriver, byRole } from '@ddpm-fleet/launcher';
import { ddpmFleet, ROOT, scratch, type Finished } from '../support/cli.js';
import { processesWith, until } from '../support/processes.js';
import { sshdProblem, startSshd, type Sshd } from '../support/sshd.js';
import { TINY } from '../support/tinyRun.js';

const problem = sshdProblem();
if (problem) test.skip(`ssh: ${problem}`, () => {});
const withSshd = problem ? test.skip : test.serial;

const LONG = process.env.DDPM_FLEET_HANGS !== undefined;

let sshd: Sshd;
test.before(async () => {
  if (!problem) sshd = await startSshd();
});
test.after.always(() => sshd?.close());

const open = async () => {
  const options = { hosts: readHosts(sshd.hosts), root: ROOT, configFile: sshd.config, graceMs: 1000 };
  return byRole(localDriver({ graceMs: 1000 }), sshDriver(options));
};
if (!problem) driverConformance((title, body) => test.serial(`ssh: ${title}`, body), open, 'alpha');

const BIN = join(ROOT, 'packages/cli/bin/ddpm-fleet.js');
const launchArgs = (dir: string, config = sshd.config, hosts = sshd.hosts) => [
  ...['launch', 'configs/quickstart.yaml', ...TINY, '--set', 'samples.everySteps=0', '--run-dir', dir],
  ...['--launcher', 'ssh', '--hosts', hosts, '--ssh-config', config, '--set', 'fleet.graceSeconds=3'],
];

withSshd('two hosts train what one host trains, kills of worker and launcher included', async (t) => {
  t.timeout(300_000);
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [far, near] = [join(dir, 'far'), join(dir, 'near')];
  const steps = ['--steps', '20', '--set', 'checkpoint.everySteps=5'];
  const launcher = spawn(process.execPath, [BIN, ...launchArgs(far), ...steps], {
    cwd: ROOT,
    stdio: 'ignore',
  });
  t.teardown(() => launcher.kill('SIGKILL'));
  const worker = await until(() => workersOf(far).find(({ id }) => id === 'worker-1'), 'worker-1 joined');
  process.kill(worker.pid, 'SIGKILL');
  await until(
    () => workersOf(far).some(({ id, pid }) => id === 'worker-1' && pid !== worker.pid),
    'it came back',
  );
  const keys = readFileSync(join(far, 'keys', 'worker.json'), 'utf8');
  const secret = (JSON.parse(keys) as { secretKey: string }).secretKey;
  t.deepEqual(processesWith(secret), [], 'a key is on a command line');
  const log = readFileSync(join(far, 'logs', 'worker-1.ndjson'), 'utf8');
  t.regex(log, /^\{"host":"beta",/m);
  t.false(log.includes(secret), 'a key came back in a log');

  launcher.kill('SIGKILL');
  await until(
    () => processesWith(far).length === 0 && processesWith('remote/agent.js').length === 0,
    'all ended',
  );

  const again = await ddpmFleet([...launchArgs(far), ...steps, '--resume', 'auto']);
  t.is(again.code, 0, again.stderr);
  const here = await ddpmFleet([
    ...['launch', 'configs/quickstart.yaml', ...TINY, '--set', 'samples.everySteps=0'],
    ...['--run-dir', near, '--workers', '1', ...steps],
  ]);
  t.is(here.code, 0, here.stderr);
  const digests = await Promise.all([far, near].map((run) => ddpmFleet(['checkpoint', 'digest', run])));
  t.is(digests[0]!.stdout, digests[1]!.stdout);
  t.regex(digests[0]!.stdout, /^[0-9a-f]{64}$/m);
});

withSshd('what usually hangs is refused with the reason, before anything starts', async (t) => {
  t.timeout(120_000);
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = join(dir, 'run');
  const hosts = (name: string, ...lines: string[]) => {
    writeFileSync(join(dir, name), lines.map((line) => `${line} node=${process.execPath}`).join('\n'));
    return join(dir, name);
  };
  const blocker = createServer().listen(0, '0.0.0.0');
  await new Promise((resolve) => blocker.once('listening', resolve));
  const { port } = blocker.address() as AddressInfo;
  t.teardown(() => blocker.close());
  const cases: Record<string, [string[], RegExp]> = {
    'wrong key': [launchArgs(run, sshd.wrongKeyConfig), /alpha: the key was not accepted.*beta: the key/],
    'unknown host key': [launchArgs(run, sshd.strangerConfig), /alpha: its host key is not the known one/],
    'missing host': [launchArgs(run, sshd.config, 'alpha,down'), /down: no sshd listens there/],
    'wrong place, no Node': [
      launchArgs(run, sshd.config, hosts('place', 'alpha dir=/nowhere', 'beta node=/no/node name=')),
      /place:2: name= is not/,
    ],
    'not installed': [
      launchArgs(run, sshd.config, hosts('installed', 'alpha dir=/nowhere', 'beta dir=/nowhere')),
      /alpha: ddpm-fleet is not where it is here/,
    ],
    'a host twice': [launchArgs(run, sshd.config, 'alpha,alpha'), /alpha is there twice/],
    'wrong address': [
      [...launchArgs(run), '--advertise', 'nowhere.invalid'],
      /alpha cannot reach this host at tcp:\/\/nowhere.invalid:\d+ \(E/,
    ],
    'closed port': [
      [...launchArgs(run), '--port', String(port)],
      new RegExp(`0.0.0.0:${port}: the port is in use`),
    ],
    'wrong version': [
      launchArgs(run, sshd.config, hosts('version', `alpha dir=${fakeHost(dir)}`)),
      /alpha has ddpm-fleet 0.0.1, this host/,
    ],
    'no GPU': [launchArgs(run, sshd.config, hosts('gpu', 'alpha gpus=3')), /alpha has no GPU 3/],
  };
  const commands = Object.values(cases).map(([args]) => args);
  const results = LONG ? await inTurn(commands) : await Promise.all(commands.map((args) => ddpmFleet(args)));
  for (const [i, [name, [, expected]]] of Object.entries(cases).entries()) {
    const { code, stderr, seconds } = results[i]!;
    t.is(code, 2, `${name}: ${stderr}`);
    t.regex(stderr, expected, name);
    t.log(`${name}: ${seconds.toFixed(1)} s${LONG ? `: ${stderr.trim().split('\n').at(-1)}` : ''}`);
  }
});

/** For `npm run test:hangs`, whose seconds are those of a machine that does nothing else. */
async function inTurn(commands: readonly string[][]): Promise<Finished[]> {
  const results: Finished[] = [];
  for (const args of commands) results.push(await ddpmFleet(args));
  return results;
}

/** An installation that says it is an old one. */
function fakeHost(dir: string): string {
  const bin = join(dir, 'old', 'packages', 'cli', 'bin');
  mkdirSync(bin, { recursive: true });
  const facts = {
    version: '0.0.1',
    cores: 1,
    gpus: [],
    gpuNames: [],
    env: {},
    descriptors: 1024,
    reaches: 'ok',
  };
  writeFileSync(
    join(bin, 'ddpm-fleet.js'),
    `console.log(JSON.stringify({ ...${JSON.stringify(facts)}, time: Date.now() }))`,
  );
  return join(dir, 'old');
}

withSshd('a rendezvous that is not complete says who is missing, and is given up when told', async (t) => {
  t.timeout(120_000);
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = join(dir, 'run');
  const { code, stderr } = await ddpmFleet([
    ...launchArgs(run),
    ...['--steps', '100000', '--rendezvous-timeout', '1'],
  ]);
  t.is(code, 1);
  t.regex(
    stderr,
    /after 1 s .*(worker-0 \(alpha\), )?.*worker-1 \(beta\).* had not joined|after 1 s the coordinator/,
  );
  t.deepEqual(processesWith(run), []);
});

function workersOf(dir: string): { id: string; pid: number }[] {
  try {
    return (
      JSON.parse(readFileSync(join(dir, 'live.json'), 'utf8')) as { workers: { id: string; pid: number }[] }
    ).workers;
  } catch {
    return [];
  }
}
