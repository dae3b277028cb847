// A real Kubernetes API server with its etcd on this machine, for tests: built from their Go modules (minutes, once), no
// nodes and no controllers, so that objects are checked and kept and nothing runs. Needs go and kubectl.
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** The release whose schemas `npm test` uses. */
const KUBERNETES = '1.33.0';
const ETCD = '3.5.21';
const PROGRAMS = {
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  etcd: 'go.etcd.io/etcd/server/v3',
};

const home = join(
  process.env.DDPM_FLEET_HOME ?? join(homedir(), '.cache', 'ddpm-fleet'),
  `kubernetes-${KUBERNETES}`,
);

/** Why there can be no API server here; undefined where there can. Builds what is missing. */
export function apiServerProblem() {
  for (const program of ['kubectl', 'go']) if (!has(program)) return `there is no ${program}`;
  if (Object.keys(PROGRAMS).every((name) => existsSync(join(home, name)))) return undefined;
  console.log(
    `Building Kubernetes' API server ${KUBERNETES} and etcd ${ETCD} into ${home} (minutes, once) ...`,
  );
  const scratch = mkdtempSync(join(tmpdir(), 'ddpm-apiserver-'));
  try {
    build(scratch);
    return undefined;
  } catch (error) {
    return `they cannot be built: ${lastLine(String(error.stderr ?? error.message))}`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function has(program) {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Kubernetes' own go.mod points at directories beside it, which are published as modules of the same release. */
function build(scratch) {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false' };
  const go = (...args) =>
    execFileSync('go', args, { cwd: scratch, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(join(scratch, 'go.mod'), 'module apiserver\n');
  const { GoMod } = JSON.parse(go('mod', 'download', '-json', `k8s.io/kubernetes@v${KUBERNETES}`));
  const staged = [...readFileSync(GoMod, 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm)];
  const published = `v${KUBERNETES.replace(/^1\./, '0.')}`;
  const replaced = staged.map(([, module]) => `replace ${module} => ${module} ${published}\n`);
  writeFileSync(
    join(scratch, 'go.mod'),
    `module apiserver\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v${KUBERNETES}\n\n${replaced.join('')}`,
  );
  go('get', `${PROGRAMS['kube-apiserver']}@v${KUBERNETES}`, `${PROGRAMS.etcd}@v${ETCD}`);
  mkdirSync(home, { recursive: true });
  // Without it the server calls itself v0.0.0-master, which kubectl cannot read.
  const stamp = Object.entries({
    gitVersion: `v${KUBERNETES}`,
    gitMajor: '1',
    gitMinor: KUBERNETES.split('.')[1],
  })
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
  for (const [name, path] of Object.entries(PROGRAMS)) {
    go('build', '-p', '1', '-trimpath', '-ldflags', `-s -w ${stamp}`, '-o', join(scratch, name), path);
    execFileSync('cp', [join(scratch, name), join(home, `${name}.new`)]);
    renameSync(join(home, `${name}.new`), join(home, name));
  }
}

/** Starts both; `env` is for kubectl. */
export async function startApiServer() {
  const dir = mkdtempSync(join(tmpdir(), 'ddpm-kubernetes-'));
  const [client, peer, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const token = randomBytes(16).toString('hex');
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  write('sa.key', key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  write('sa.pub', key.publicKey.export({ type: 'spki', format: 'pem' }));
  write('tokens.csv', `${token},admin,admin,system:masters\n`);
  const etcd = start('etcd', [
    ...['--data-dir', join(dir, 'etcd'), '--log-level', 'error'],
    ...['--listen-client-urls', url(client), '--advertise-client-urls', url(client)],
    ...['--listen-peer-urls', url(peer), '--initial-advertise-peer-urls', url(peer)],
    ...['--initial-cluster', `default=${url(peer)}`],
  ]);
  const server = start('kube-apiserver', [
    ...['--etcd-servers', url(client), '--secure-port', String(port), '--bind-address', '127.0.0.1'],
    ...['--cert-dir', join(dir, 'certs'), '--token-auth-file', join(dir, 'tokens.csv')],
    ...['--service-account-key-file', join(dir, 'sa.pub'), '--service-account-issuer', 'https://localhost'],
    ...['--service-account-signing-key-file', join(dir, 'sa.key'), '--authorization-mode', 'AlwaysAllow'],
    ...['--service-cluster-ip-range', '10.0.0.0/24', '--anonymous-auth=false'],
  ]);
  const env = {
    ...process.env,
    KUBECONFIG: join(dir, 'kubeconfig'),
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
  const cluster = {
    env,
    /** @returns stdout; @throws Error with what kubectl said */
    kubectl: (args, input) =>
      execFileSync('kubectl', args, { env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }),
    async close() {
      for (const child of [server, etcd]) {
        const ended = new Promise((resolve) => child.once('close', resolve));
        if (child.exitCode === null && child.kill('SIGKILL')) await ended;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
  try {
    await until(
      () => existsSync(join(dir, 'certs', 'apiserver.crt')),
      () => said(server),
    );
    write('kubeconfig', kubeconfig(port, join(dir, 'certs', 'apiserver.crt'), token));
    await until(
      () => cluster.kubectl(['get', '--raw', '/readyz']) === 'ok',
      () => said(server),
    );
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }

  function write(name, text) {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
  }

  function start(name, args) {
    const child = spawn(join(home, name), args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
    child.words = '';
    child.stderr.on('data', (text) => (child.words = `${child.words}${text}`.slice(-4000)));
    return child;
  }
}

const url = (port) => `http://127.0.0.1:${port}`;

const said = (child) => lastLine(child.words);

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}

async function until(look, why, limitMs = 60_000) {
  let refusal = '';
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    try {
      if (look()) return;
    } catch (error) {
      refusal = ` (${lastLine(String(error.stderr ?? error.message))})`;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`the API server does not come up: ${why()}${refusal}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function kubeconfig(port, authority, token) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': authority },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}
