import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { driverConformance, localDriver, readHosts, sshDriver, byRole } from '@ddpm-fleet/launcher';
import { ddpmFleet, ROOT, scratch } from '../support/cli.js';
import { processesWith, until } from '../support/processes.js';
import { sshdProblem, startSshd, type Sshd } from '../support/sshd.js';
import { TINY } from '../support/tinyRun.js';

const problem = sshdProblem();
if (problem) {
  test('ssh', (t) => {
    t.log(`skipped: ${problem}`);
    t.pass();
  });
}
const withSshd = problem ? test.skip : test.serial;

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
  t.regex(readFileSync(join(far, 'logs', 'worker-1.ndjson'), 'utf8'), /^\{"host":"beta",/m);

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

withSshd('what cannot be reached is refused with the reason before anything starts', async (t) => {
  t.timeout(120_000);
  const dir = scratch();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = join(dir, 'run');
  const wrongDir = join(dir, 'hosts.txt');
  writeFileSync(wrongDir, `alpha node=${process.execPath} dir=/nowhere\nbeta node=/no/node\n`);
  const cases: [string[], RegExp][] = [
    [launchArgs(run, sshd.wrongKeyConfig), /alpha: the key was not accepted.*beta: the key/],
    [launchArgs(run, sshd.strangerConfig), /alpha: its host key is not the known one/],
    [launchArgs(run, sshd.config, 'alpha,down'), /down: no sshd listens there/],
    [
      launchArgs(run, sshd.config, wrongDir),
      /alpha: ddpm-fleet is not where it is here.*beta: there is no Node there/,
    ],
    [launchArgs(run, sshd.config, 'alpha,alpha'), /alpha is there twice/],
  ];
  const results = await Promise.all(cases.map(([args]) => ddpmFleet(args)));
  for (const [i, { code, stderr, seconds }] of results.entries()) {
    t.is(code, 2, stderr);
    t.regex(stderr, cases[i]![1]);
    t.true(seconds < 60, `${seconds} s`);
  }
  t.false(existsSync(run));
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
