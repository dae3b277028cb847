import { Worker } from 'node:worker_threads';

export interface FollowOptions {
  readonly runDir: string;
  /** Told once of what cannot be written, and (null) when it can again. */
  readonly onProblem: (problem: string | null) => void;
}

export interface Following {
  /** Lets it catch up and ends it, within a second or two. */
  close(): Promise<void>;
}

const CATCH_UP_MS = 2000;

/**
 * Starts the thread that keeps what people watch level with the run's files. It shares nothing with the run but the
 * disk: it may be slow, hang or fail, and the run goes on.
 */
export function followRun({ runDir, onProblem }: FollowOptions): Following {
  const thread = new Worker(new URL('./followThread.js', import.meta.url), {
    workerData: { runDir },
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  thread.unref();
  thread.on('message', (problem: string | null) => onProblem(problem));
  thread.on('error', (error) => onProblem(error.message));
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  return {
    close: async () => {
      thread.postMessage('close');
      const timer = setTimeout(() => void thread.terminate(), CATCH_UP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
