// `npm run test:prometheus`: the rules, and Prometheus itself scraping a run that trains while one worker and the
// coordinator are killed. Every expression of the Grafana dashboards must give data. Skipped, saying so, without Prometheus.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepare, root } from '../prepare.mjs';

const HERE = join(root, 'infra/prometheus');
const CLI = join(root, 'packages/cli/bin/ddpm-fleet.js');
const METRICS = 19_564;
const PORT = 19_565;
const PATIENCE_MS = 300_000;
const SMALL = [
  ...['data.kind=synthetic', 'data.size=8', 'data.heldOut=4', 'model.ch=32', 'model.chMult=[1,2]'],
  ...['model.numResBlocks=1', 'model.attnResolutions=[4]', 'batch.numSlots=4', 'batch.slotBatchSize=2'],
  ...[
    'diffusion.numTimesteps=50',
    'log.heldOutEvery=5',
    'checkpoint.everySteps=10',
    `log.metricsPort=${METRICS}`,
  ],
].flatMap((pair) => ['--set', pair]);

if (spawnSync('promtool', ['--version']).error || spawnSync('prometheus', ['--version']).error) {
  console.log('skipped: neither promtool nor prometheus here (Debian: apt-get install prometheus)');
  process.exit(0);
}
prepare();
run('promtool', ['check', 'config', join(HERE, 'prometheus.yml')]);
run('promtool', ['test', 'rules', join(HERE, 'rules.test.yml')]);

const scratch = mkdtempSync(join(tmpdir(), 'ddpm-prometheus-'));
const children = [startRun(), startPrometheus()];
try {
  await until('a step', async () => (await value('ddpm_fleet_steps_committed_total')) > 3);
  run('promtool', ['check', 'metrics'], await (await fetch(`http://127.0.0.1:${METRICS}/metrics`)).text());
  kill('worker');
  await until('a loss of a worker', async () => (await value('ddpm_fleet_worker_losses_total')) > 0);
  kill('coordinator');
  await until('another life', async () => (await value('ddpm_fleet_coordinator_starts_total')) > 1);
  await until('a checkpoint', async () => (await value('ddpm_fleet_checkpoints_total')) > 0);
  await until('the target up', async () => (await value('up')) === 1);
  await dashboards();
  console.log('prometheus: all well');
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(
    children.map((child) => child.exitCode ?? new Promise((done) => child.once('exit', done))),
  );
  rmSync(scratch, { recursive: true });
}

function startRun() {
  const args = [CLI, 'launch', 'configs/quickstart.yaml', '--workers', '2', '--steps', '100000'];
  return start(process.execPath, [...args, '--run-dir', join(scratch, 'run'), ...SMALL]);
}

function startPrometheus() {
  const text = readFileSync(join(HERE, 'prometheus.yml'), 'utf8');
  const config = join(scratch, 'prometheus.yml');
  writeFileSync(
    config,
    text
      .replaceAll('9464', String(METRICS))
      .replace('rules.yml', join(HERE, 'rules.yml'))
      .replaceAll('5s', '1s'),
  );
  const storage = `--storage.tsdb.path=${join(scratch, 'tsdb')}`;
  const address = `--web.listen-address=127.0.0.1:${PORT}`;
  return start('prometheus', [`--config.file=${config}`, storage, address, '--log.level=error']);
}

function start(command, args) {
  return spawn(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What live.json says is running; the launcher starts it again. */
function kill(role) {
  const live = JSON.parse(readFileSync(join(scratch, 'run/live.json'), 'utf8'));
  process.kill(role === 'coordinator' ? live.pid : live.workers[0].pid, 'SIGKILL');
}

async function dashboards() {
  const folder = join(root, 'infra/grafana');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const { panels, templating } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    for (const expr of expressions) {
      const filled = expr.replaceAll('$run', '.*').replaceAll('$__rate_interval', '1m');
      await until(`data of ${filled}`, async () => (await query(filled)).length > 0);
    }
    console.log(`${name}: ${expressions.length} expressions give data, ${templating.list.length} variables`);
  }
}

async function query(expression) {
  const answer = await fetch(`http://127.0.0.1:${PORT}/api/v1/query?query=${encodeURIComponent(expression)}`);
  // It starts up.
  if (answer.status === 503) return [];
  const { status, error, data } = await answer.json();
  if (status !== 'success') throw new Error(`${expression}: ${error}`);
  return data.result;
}

async function value(expression) {
  const [first] = await query(expression).catch((error) => (error.cause ? [] : Promise.reject(error)));
  return first ? Number(first.value[1]) : NaN;
}

async function until(what, isSo) {
  for (const end = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(1000))
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  console.log(`seen: ${what}`);
}

function run(command, args, input) {
  console.log(execFileSync(command, args, { encoding: 'utf8', ...(input && { input }) }).trim());
}
