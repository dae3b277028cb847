import { Worker } from 'node:worker_threads';
import type { Answer, Job, Place } from './saverJob.js';
import type { TrainState } from '@ddpm-fleet/core';
import { buffersOf } from './state.js';

/**
 * The thread that saves, one job at a time. It is started at once, because starting it takes longer than a copy of
 * the state, and again by the next job after it died. It keeps the process alive only while a job is under way, so
 * that a save is not cut off by the end of the program.
 */
export class JobThread {
  readonly #place: Place;
  #worker: Worker | undefined;
  #settle: ((answer: Answer) => void) | undefined;

  constructor(place: Place) {
    this.#place = place;
    this.#thread();
  }

  /**
   * Posts the job at once and moves the buffers of its state into the thread; those on a SharedArrayBuffer are
   * shared. Undefined, and nothing is moved, where one of them cannot be: a native addon owns it, say.
   */
  run(job: Job): Promise<Answer> | undefined {
    try {
      this.#thread().postMessage(job, 'snapshot' in job ? movable(job.snapshot.state) : []);
    } catch (error) {
      if ((error as Error).name === 'DataCloneError') return undefined;
      throw error;
    }
    return this.#answer();
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const body = new URL('./saverThread.js', import.meta.url);
    // Flags of the main thread, such as --input-type, may be none that a thread can have.
    const worker = new Worker(body, { workerData: this.#place, execArgv: [] });
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

  #answer(): Promise<Answer> {
    const worker = this.#thread();
    worker.ref();
    return new Promise((resolve) => {
      this.#settle = (answer) => {
        this.#settle = undefined;
        worker.unref();
        resolve(answer);
      };
    });
  }
}

/** The buffers of a state that can be handed from one thread to another. */
export function movable(state: TrainState): ArrayBuffer[] {
  const buffers = new Set(buffersOf(state).map(({ buffer }) => buffer));
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
}
