// `npm run test:kubernetes`: the manifests of 1, 8 and 64 workers against a real API server, as `launch` prints them and
// as it applies them. Builds the server where it may, and says why it is skipped where it cannot.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from '../prepare.mjs';
import { apiServerProblem, startApiServer } from './apiServer.mjs';

const CLI = join(root, 'packages/cli/bin/ddpm-fleet.js');
const SIZES = [1, 8, 64];
/** What a run is made of, the Secret included. */
const KINDS = 'configmap,job,persistentvolumeclaim,secret,service';

const problem = apiServerProblem();
if (problem) {
  console.log(`skipped: ${problem}`);
  process.exit(0);
}
prepare();
const scratch = mkdtempSync(join(tmpdir(), 'ddpm-kubernetes-test-'));
const cluster = await startApiServer();
try {
  console.log(
    `API server ${JSON.parse(cluster.kubectl(['version', '-o', 'json'])).serverVersion.gitVersion}`,
  );
  for (const workers of SIZES) {
    cluster.kubectl(['create', 'namespace', space(workers)]);
    printed(workers);
    applied(workers);
  }
  mistakes();
  removed(SIZES[0]);
} catch (error) {
  console.error(`FAIL: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cluster.close();
  rmSync(scratch, { recursive: true, force: true });
}

function space(workers) {
  return `fleet-${workers}`;
}

function manifests(workers, ...more) {
  return execFileSync(process.execPath, [CLI, ...launchArgs(workers), '--dry-run', ...more], {
    cwd: root,
    encoding: 'utf8',
  });
}

function launchArgs(workers) {
  return [
    ...[
      'launch',
      'configs/quickstart.yaml',
      '--launcher',
      'kubernetes',
      '--image',
      'ddpm-fleet:0.1.0',
      '--gpu',
    ],
    ...[
      '--workers',
      String(workers),
      '--namespace',
      space(workers),
      '--data-claim',
      'images',
      '--set',
      'data.path=/data',
    ],
    ...['--run-dir', join(scratch, space(workers))],
  ];
}

/** What `launch` prints passes admission and defaulting; nothing is kept of a dry run. */
function printed(workers) {
  const said = cluster.kubectl(
    ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
    manifests(workers),
  );
  check(
    count(said, /created \(server dry run\)/g) === 5,
    `${workers}: a dry run created not five objects:\n${said}`,
  );
  check(job(workers) === undefined, `${workers}: a dry run left something`);
  console.log(`ok  ${workers} worker(s), printed: 5 objects pass a strict server-side dry run`);
}

/** What `launch --apply` applies is kept as it was meant, and may be applied again. */
function applied(workers) {
  const apply = () =>
    execFileSync(process.execPath, [CLI, ...launchArgs(workers), '--apply'], {
      ...{ cwd: root, env: cluster.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    });
  const first = apply();
  check(count(first, / created$/gm) === 6, `${workers}: not six objects were created:\n${first}`);
  const { spec } = job(workers);
  check(
    spec.completionMode === 'Indexed' && spec.completions === workers && spec.parallelism === workers,
    `${workers}: another job was kept`,
  );
  const again = apply();
  check(count(again, / (unchanged|configured)$/gm) === 6, `${workers}: applied again it differs:\n${again}`);
  console.log(`ok  ${workers} worker(s), applied:\n${list(workers)}`);
}

function job(workers) {
  const args = ['get', 'job', '-n', space(workers), '-o', 'json'];
  const { items } = JSON.parse(cluster.kubectl(args));
  return items.find(({ metadata }) => metadata.name.endsWith('-worker'));
}

function list(workers) {
  const args = [
    'get',
    KINDS,
    '-n',
    space(workers),
    '-l',
    'app.kubernetes.io/name=ddpm-fleet',
    '--no-headers',
  ];
  return cluster
    .kubectl(args)
    .trim()
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
}

/** Refused with the field's name, and nothing is kept. */
function mistakes() {
  const good = manifests(8);
  const cases = {
    'a misspelt field': [good.replace('capabilities:', 'capabilites:'), /unknown field "[^"]*capabilites"/],
    'a misspelt field at the top': [
      good.replace('parallelism:', 'paralelism:'),
      /unknown field "spec.paralelism"/,
    ],
    'a wrong type': [
      good.replace(/completions: 8/, 'completions: two'),
      /completions:two.*unrecognized type: int32/,
    ],
    'an index without an end': [good.replace(/ *completions: 8\n/, ''), /completions: Required value/],
    'a name that is no DNS label': [
      good.replace(/name: quickstart-worker/, 'name: Quick_Worker'),
      /RFC 1123/,
    ],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    check(text !== good, `${name}: the manifests have no such field`);
    const said = refusal(text.replaceAll(space(8), space(64)));
    check(expected.test(said), `${name}: ${said.trim().slice(-300)}`);
    console.log(`ok  ${name} is refused: ${expected.exec(said)[0]}`);
  }
}

function refusal(text) {
  try {
    return `taken: ${cluster.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], text)}`;
  } catch (error) {
    return String(error.stderr);
  }
}

/** By the command that `launch --apply` prints: everything but the volume, which holds the checkpoints. */
function removed(workers) {
  const label = 'app.kubernetes.io/instance=quickstart';
  cluster.kubectl(['delete', 'job,svc,cm,secret', '-n', space(workers), '-l', label, '--cascade=background']);
  const left = list(workers).trim();
  check(/^persistentvolumeclaim\/quickstart-run /.test(left) && !left.includes('\n'), `left: ${left}`);
  console.log(`ok  deleted by label, the volume is left: ${left.replace(/\s+/g, ' ')}`);
}

function count(text, pattern) {
  return [...text.matchAll(pattern)].length;
}

function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
