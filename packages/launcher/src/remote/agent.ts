/**
 * Runs one process of a run on its own host for a launcher elsewhere, over the stdin, stdout and stderr that ssh or
 * srun give it. Line one of stdin says what to run, later lines are signals; when stdin ends or falls silent the
 * launcher is gone, and the process ends as if it were its local child.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cutTether, signalChild, spawnTethered } from '../drivers/tethered.js';
import {
  REPORT_MARK,
  SILENCE_MS,
  type AgentCommand,
  type AgentReport,
  type StartRequest,
} from './messages.js';

/** Output that waits for a launcher that does not read; beyond it lines are dropped rather than the process held. */
const OUTPUT_BYTES = 4 << 20;

let child: ChildProcess | undefined;
let heardAt = performance.now();
let isOver = false;

function report(message: AgentReport): void {
  process.stderr.write(`${REPORT_MARK}${JSON.stringify(message)}\n`);
}

function start({ role, args, env, graceMs }: StartRequest): void {
  const started = spawnTethered({ role, args, env }, graceMs, 'pipe');
  child = started;
  for (const stream of [started.stdout!, started.stderr!]) stream.on('data', pass);
  started.once('spawn', () => report({ type: 'started', pid: started.pid! }));
  started.once('error', (error) => report({ type: 'failed', reason: error.message }));
  started.once('close', (code, signal) => {
    report({ type: 'exited', code, signal });
    // Not process.exit: what was written must reach the pipe.
    isOver = true;
    process.stdin.destroy();
  });
}

function pass(chunk: Buffer): void {
  if (process.stdout.writableLength < OUTPUT_BYTES) process.stdout.write(chunk);
}

function take(line: string): void {
  heardAt = performance.now();
  if (!child) return start(JSON.parse(line) as StartRequest);
  const command = JSON.parse(line) as AgentCommand;
  if (command.type === 'signal') signalChild(child, command.signal);
}

function launcherIsGone(): void {
  if (isOver) return;
  isOver = true;
  if (!child) process.exit(1);
  cutTether(child);
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
// Slurm and terminals send these to the process as well, which knows what to do about them.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
createInterface({ input: process.stdin }).on('line', take).once('close', launcherIsGone);
setInterval(() => {
  if (performance.now() - heardAt > SILENCE_MS) launcherIsGone();
}, SILENCE_MS / 4).unref();
