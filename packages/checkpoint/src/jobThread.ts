import { Worker } from 'node:worker_threads';
import { FleetError } from '@ddpm-fleet/core';
import type { Answer, Job, Place } from './saverThread.js';
import { buffersOf } from './state.js';

/**
 * The thread that saves, one job at a time. It is started by the first job and again after it died, keeps the
 * process alive only while a job is under way, so that a save is not cut off by the end of the program.
 */
export class JobThread {
  readonly #place: Place;
  #worker: Worker | undefined;
  #settle: ((answer: Answer) => void) | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Posts the job at once. Rejects with the error of the job, or an Error when the thread itself died. */
  run<T>(job: Job): Promise<T> {
    this.#thread().postMessage(job);
    return this.#answer<T>();
  }

  /**
   * As `run`, but moves the buffers of the job's state into the thread. Undefined, and nothing moved, where one of
   * them cannot be: a native addon owns it, say.
   */
  runMoved<T>(job: Job): Promise<T> | undefined {
    const buffers = new Set(buffersOf(job.snapshot.state).map(({ buffer }) => buffer));
    try {
      this.#thread().postMessage(
        job,
        [...buffers].filter((buffer) => buffer instanceof ArrayBuffer),
      );
    } catch (error) {
      if ((error as Error).name === 'DataCloneError') return undefined;
      throw error;
    }
    return this.#answer<T>();
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./saverThread.js', import.meta.url), { workerData: this.#place });
    worker.on('message', (answer: Answer) => this.#settle?.(answer));
    worker.on('error', ({ message }) => this.#settle?.({ error: { code: undefined, message } }));
    worker.on('exit', () => {
      this.#worker = undefined;
      this.#settle?.({ error: { code: undefined, message: 'the saving thread ended' } });
    });
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #answer<T>(): Promise<T> {
    const worker = this.#thread();
    worker.ref();
    return new Promise<T>((resolve, reject) => {
      this.#settle = (answer) => {
        this.#settle = undefined;
        worker.unref();
        if ('value' in answer) resolve(answer.value as T);
        else reject(revived(answer.error));
      };
    });
  }
}

function revived({ code, message }: Extract<Answer, { error: unknown }>['error']): Error {
  return code === undefined ? new Error(message) : new FleetError(code, message);
}
