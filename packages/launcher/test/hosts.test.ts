import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { explainSsh, planLaunch, readHosts, sshReach } from '../src/index.js';
import { scratch } from './fixtures.js';

test('a list and a file of hosts', async (t) => {
  t.deepEqual(readHosts('a,me@b:2222'), [
    { name: 'a', target: 'a' },
    { name: 'me@b:2222', target: 'me@b', port: 2222 },
  ]);
  const file = join(await scratch(t), 'hosts');
  writeFileSync(
    file,
    '# mine\n\na gpus=0,GPU-1 cores=8  # big\nb dir=/opt/d node=/opt/node name=second gpus=\n',
  );
  t.deepEqual(readHosts(file), [
    { name: 'a', target: 'a', gpus: [0, 'GPU-1'], cores: 8 },
    { name: 'second', target: 'b', dir: '/opt/d', node: '/opt/node', gpus: [] },
  ]);
});

test('a wrong line is named; nothing of it reaches ssh as an option', async (t) => {
  const file = join(await scratch(t), 'hosts');
  writeFileSync(file, 'a\nb cpus=4\n');
  t.throws(() => readHosts(file), { code: 'DDPM_ERR_HOSTS', message: /hosts:2: cpus=4 is not/ });
  t.throws(() => readHosts('-oProxyCommand=evil'), { code: 'DDPM_ERR_HOSTS' });
  t.throws(() => readHosts('a b;reboot'), { code: 'DDPM_ERR_HOSTS' });
  t.throws(() => readHosts(','), { message: /names no host/ });
});

test('ssh never asks, and words reach the other shell whole', (t) => {
  const line = { name: 'a', target: 'me@a', port: 22, dir: '/opt/d', node: '/opt/my node' };
  const { command, args } = sshReach(line, { hosts: [line], root: '/here' }, [
    '/here/agent.js',
    "it's",
    '/hereafter',
  ]);
  t.is(command, 'ssh');
  t.true(args.includes('BatchMode=yes'));
  t.deepEqual(args.slice(-3), ['22', 'me@a', `exec '/opt/my node' /opt/d/agent.js 'it'\\''s' /hereafter`]);
});

test('what ssh says is told in the terms of the remedy', (t) => {
  t.regex(
    explainSsh('a', 'ssh: connect to host a port 22: Connection refused\r\n'),
    /^a: no sshd listens.*refused\)$/,
  );
  t.regex(
    explainSsh('a', 'ssh: Could not resolve hostname a: Name or service not known'),
    /does not resolve/,
  );
  t.regex(explainSsh('a', 'something else'), /^a: ssh: something else$/);
});

test('workers are told the paths, the environment and the keys of their host', (t) => {
  const plan = planLaunch({
    ...{ runDir: '/runs/a', workers: 2, threads: 1, coordinatorHost: 'here', root: '/here' },
    hosts: [
      { host: 'a', cores: 1, gpus: [], root: '/opt/d', env: { LD_LIBRARY_PATH: '/opt/cuda' } },
      { host: 'b', cores: 1, gpus: [] },
    ],
    rendezvous: { address: 'tcp://here:1', encrypted: true },
    keyFiles: { coordinator: '/k/c.json', worker: '/k/w.json' },
    entries: { coordinator: ['/here/c.js'], worker: ['/here/w.js', '--join', 'tcp://here:1'] },
    env: { coordinator: {}, worker: { LD_LIBRARY_PATH: '/usr/cuda' } },
  });
  t.like(plan.coordinator, { host: 'here', args: ['/here/c.js'], keyFile: '/k/c.json' });
  const [first, second] = plan.workers;
  t.like(first, { host: 'a', args: ['/opt/d/w.js', '--join', 'tcp://here:1'], keyFile: '/k/w.json' });
  t.is(first!.env.LD_LIBRARY_PATH, '/opt/cuda');
  t.like(second, { host: 'b', args: ['/here/w.js', '--join', 'tcp://here:1'] });
});
