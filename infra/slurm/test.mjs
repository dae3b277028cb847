// `npm run test:slurm`: the Slurm launcher on a real Slurm of two virtual nodes with fake GPUs. Installs Slurm where it
// may, and says why it is skipped where it cannot. Every run must end with the digest of the same run on this machine
// without Slurm.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from '../prepare.mjs';
import { clusterProblem, startCluster, until } from './cluster.mjs';

const CLI = join(root, 'packages/cli/bin/ddpm-fleet.js');
const STEPS = 120;
const SETTINGS = [
  ...['data.kind=synthetic', 'data.size=8', 'data.heldOut=4', 'model.ch=32', 'model.chMult=[1,2]'],
  ...['model.numResBlocks=1', 'model.attnResolutions=[4]', 'batch.numSlots=4', 'batch.slotBatchSize=2'],
  ...[
    'diffusion.numTimesteps=50',
    'samples.everySteps=0',
    'checkpoint.everySteps=20',
    'fleet.graceSeconds=10',
  ],
].flatMap((pair) => ['--set', pair]);
const CONFIG = join(root, 'configs/quickstart.yaml');

const problem = clusterProblem(true);
if (problem) {
  console.log(`skipped: ${problem}`);
  process.exit(0);
}
prepare();
const scratch = mkdtempSync(join(tmpdir(), 'ddpm-slurm-test-'));
const cluster = await startCluster();
const results = [];
try {
  console.log(conformance());
  results.push('conformance');
  fleet({}, 'launch', CONFIG, ...SETTINGS, '--steps', STEPS, '--workers', '1', '--run-dir', dir('local'));
  const expected = digest('local');
  for (const scenario of [toTheEnd, nodeKilled, timeLimit, cancelled]) {
    const began = Date.now();
    const seen = await scenario(scenario.name);
    if (digest(scenario.name) !== expected) throw new Error(`${scenario.name}: another digest`);
    const left = leftOver(scenario.name);
    if (left.length > 0) throw new Error(`${scenario.name}: left over: ${left.join('; ')}`);
    console.log(
      `ok  ${scenario.name} (${((Date.now() - began) / 1000).toFixed(0)} s): ${seen}; digest ${expected.slice(0, 12)}`,
    );
    results.push(scenario.name);
  }
} catch (error) {
  console.error(`FAIL: ${error.message}`);
  tellLogs();
  process.exitCode = 1;
} finally {
  await cluster.close();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${results.length} passed, ${process.exitCode ? 1 : 0} failed`);

/** The driver alone, in an allocation of both nodes, its processes on the second. */
function conformance() {
  const script = join(root, 'infra/slurm/conformance.mjs');
  return cluster.run('salloc', '--quiet', '-N2', '--cpus-per-task=2', process.execPath, script, 'n2');
}

async function toTheEnd(name) {
  const job = submit(name);
  await ended(job);
  const log = readFileSync(join(dir(name), 'logs', `slurm-${job}.log`), 'utf8');
  if (!log.includes('done: the run is complete')) throw new Error(`the log of job ${job} says no end`);
  const hosts = ['worker-0', 'worker-1'].map(hostIn(name));
  if (hosts.join() !== 'n1,n2') throw new Error(`workers ran on ${hosts.join()}`);
  return `job ${job} ran on ${hosts.join(' and ')}`;
}

async function nodeKilled(name) {
  const job = submit(name);
  await until(() => step(name) >= 30, 'step 30');
  const at = step(name);
  cluster.killNode('n2');
  cluster.run('scontrol', 'update', 'NodeName=n2', 'State=DOWN', 'Reason=test');
  await until(() => restarts(job) >= 1 || state(job) === 'PENDING', 'the job is queued again');
  cluster.startNode('n2');
  startNow(job);
  cluster.run('scontrol', 'update', 'NodeName=n2', 'State=RESUME');
  await ended(job);
  return `n2 killed at step ${at}, requeued (Restarts=${restarts(job)}), resumed at ${resumedAt(name)}`;
}

async function timeLimit(name) {
  const job = submit(name);
  await until(() => step(name) >= 30, 'step 30');
  cluster.run('scancel', '--batch', '--signal=USR2', job);
  await until(() => restarts(job) >= 1, 'the job is queued again');
  startNow(job);
  await ended(job);
  return `warned, saved, requeued (Restarts=${restarts(job)}), resumed at ${resumedAt(name)}`;
}

async function cancelled(name) {
  const job = submit(name);
  await until(() => step(name) >= 30, 'step 30');
  cluster.run('scancel', job);
  const began = Date.now();
  await until(() => leftOver(name).length === 0, 'nothing is left');
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  await until(() => state(job) === 'CANCELLED', 'the job is over');
  await ended(submit(name, '--resume', 'auto'));
  return `nothing left ${seconds} s after scancel; resumed at ${resumedAt(name)}`;
}

function submit(name, ...more) {
  const out = fleet(
    cluster.env,
    ...['launch', CONFIG, ...SETTINGS, '--steps', STEPS, '--run-dir', dir(name), '--workers', '2'],
    ...['--launcher', 'slurm', '--nodes', '2', '--gpus-per-node', '1', '--cpus-per-node', '2', ...more],
  );
  const job = /^submitted: job (\d+)$/m.exec(out)?.[1];
  if (!job || !out.startsWith('#!/bin/bash')) throw new Error(`not submitted: ${out}`);
  return job;
}

function fleet(env, ...args) {
  return execFileSync(process.execPath, [CLI, ...args.map(String)], {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function dir(name) {
  return join(scratch, name);
}

function digest(name) {
  return fleet({}, 'checkpoint', 'digest', dir(name)).trim();
}

/** Slurm lets a job that was queued again wait for two minutes. */
function startNow(job) {
  cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now');
}

function ended(job) {
  return until(
    () => {
      const now = state(job);
      if (['FAILED', 'TIMEOUT', 'OUT_OF_MEMORY'].includes(now)) return `the job is ${now}`;
      return now === 'COMPLETED' && 'completed';
    },
    `job ${job} is over`,
    300_000,
  ).then((how) => {
    if (how !== 'completed') throw new Error(how);
  });
}

function field(job, name) {
  return new RegExp(`\\b${name}=(\\S+)`).exec(cluster.run('scontrol', 'show', 'job', job))?.[1];
}

function state(job) {
  return field(job, 'JobState');
}

function restarts(job) {
  return Number(field(job, 'Restarts'));
}

function step(name) {
  return JSON.parse(readFileSync(join(dir(name), 'live.json'), 'utf8')).globalStep;
}

function hostIn(name) {
  return (id) => /"host":"([^"]+)"/.exec(readFileSync(join(dir(name), 'logs', `${id}.ndjson`), 'utf8'))?.[1];
}

/** Of the journal's last rewind, if any. */
function resumedAt(name) {
  const text = readFileSync(join(dir(name), 'journal.ndjson'), 'utf8');
  return (
    [...text.matchAll(/"kind":"(?:rewind|resume)[^\n]*?"globalStep":(\d+)/g)].at(-1)?.[1] ?? 'the same step'
  );
}

function leftOver(name) {
  const table = execFileSync('ps', ['-eo', 'pid=,stat=,args=', '-ww'], { encoding: 'utf8' });
  return table.split('\n').filter((line) => line.includes(dir(name)) && !/^\s*\d+\s+Z/.test(line));
}

function tellLogs() {
  for (const name of readdirSync(scratch)) {
    const logs = join(dir(name), 'logs');
    if (!existsSync(logs)) continue;
    for (const file of readdirSync(logs)) {
      console.error(`--- ${name}/${file}\n${readFileSync(join(logs, file), 'utf8').slice(-3000)}`);
    }
  }
  for (const file of readdirSync(join(cluster.dir, 'log'))) {
    console.error(`--- ${file}\n${readFileSync(join(cluster.dir, 'log', file), 'utf8').slice(-1500)}`);
  }
}
