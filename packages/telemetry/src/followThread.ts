import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig, runPaths, type RunRecord } from '@ddpm-fleet/config';
import { Prometheus } from './prometheus/prometheus.js';
import { TensorBoard } from './tensorboard/tensorboard.js';

/** Brings what people watch level with the run. */
interface Sink {
  /** Returns whether there may be more at once. @throws Error while something cannot be written */
  poll(): boolean;
  close(): void;
}

const POLL_MS = 1000;
const AGAIN_MS = 5000;

const { runDir } = workerData as { runDir: string };
const paths = runPaths(runDir);
const config = loadConfig({ file: paths.config, env: {} });
const record = JSON.parse(readFileSync(paths.record, 'utf8')) as RunRecord;
const sinks: Sink[] = [];
let said: string | null = null;

if (config.log.tensorboard) sinks.push(new TensorBoard({ runDir, config, record, now: () => new Date() }));
if (config.log.metricsPort > 0) openMetrics();

/** The port may be taken for a while: by a coordinator of this run that has not quite gone. */
function openMetrics(isFirst = true): void {
  Prometheus.open({ runDir, config, record, port: config.log.metricsPort }).then(
    (prometheus) => sinks.push(prometheus),
    (error: Error) => {
      if (isFirst) parentPort!.postMessage(`no metrics yet: ${error.message}`);
      setTimeout(() => openMetrics(false), AGAIN_MS).unref();
    },
  );
}

/** Each by itself: one that cannot be written holds up no other. */
function catchUp(): void {
  const problems = sinks.flatMap((sink) => {
    try {
      while (sink.poll());
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  const problem = problems.length > 0 ? problems.join('; ') : null;
  if (problem !== said) parentPort!.postMessage(problem);
  said = problem;
}

const timer = setInterval(catchUp, POLL_MS);
parentPort!.once('message', () => {
  clearInterval(timer);
  catchUp();
  for (const sink of sinks) sink.close();
});
