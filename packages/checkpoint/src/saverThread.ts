import { parentPort, workerData } from 'node:worker_threads';
import { isFleetError } from '@ddpm-fleet/core';
import { movable } from './jobThread.js';
import { openAverages, openStore } from './openStore.js';
import { pruned } from './saver.js';
import type { Answer, Job, JobResult, Place } from './saverJob.js';

const port = parentPort!;
const { location, options } = workerData as Place;
const store = openStore(location, options);

port.on('message', (job: Job) => void answer(job));

async function answer(job: Job): Promise<void> {
  const result = await perform(job);
  if (job.kind === 'publishShares' || !job.giveBack) return port.postMessage(result satisfies Answer);
  const { state } = job.snapshot;
  port.postMessage({ ...result, state } satisfies Answer, movable(state));
}

async function perform(job: Job): Promise<JobResult> {
  try {
    if (job.kind === 'averages')
      return { value: await openAverages(location, options).publish(job.snapshot, job.type) };
    if (job.kind === 'share') return { value: await store.writeShare(job.ticket, job.share, job.snapshot) };
    const published =
      job.kind === 'publish'
        ? await store.publish(job.snapshot)
        : await store.publishShares(job.ticket, job.written);
    return { value: await pruned(store, published, job.retention) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: { code: isFleetError(error) ? error.code : undefined, message } };
  }
}
