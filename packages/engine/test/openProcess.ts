/**
 * Run as a process, or as a worker thread of one: opens the engine that the options in argv[2] name and prints, as
 * JSON, its description, the notices, and what a product and a `topk` (an op with several outputs) came to; or the error.
 */
import * as tf from '@tensorflow/tfjs-core';
import { isMainThread, Worker } from 'node:worker_threads';
import { isFleetError } from '@ddpm-fleet/core';
import { openEngine, type EngineOptions } from '../src/index.js';

interface Told extends EngineOptions {
  readonly inThread?: boolean;
}

async function use(options: EngineOptions): Promise<unknown> {
  const notices: string[] = [];
  try {
    const engine = await openEngine({ ...options, onNotice: (text) => notices.push(text) });
    const module = await engine.load({
      name: 'square',
      variables: {},
      programs: {
        run: {
          inputs: { x: { shape: [2, 2], dtype: 'float32' } },
          body: ({ input }) => ({
            outputs: { y: tf.matMul(input('x') as tf.Tensor2D, input('x') as tf.Tensor2D) },
          }),
        },
      },
    });
    const { y } = module.run('run', { x: new Float32Array([1, 2, 3, 4]) });
    await engine.dispose();
    return { description: engine.description, notices, y: [...y!] };
  } catch (error) {
    return { code: isFleetError(error) ? error.code : 'bug', message: String(error), notices };
  }
}

const told = JSON.parse(process.argv[2]!) as Told;
if (told.inThread && isMainThread) {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const worker = new Worker(new URL(import.meta.url), { argv: [process.argv[2]!] });
  worker.on('exit', (code) => {
    clearInterval(timer);
    // Calls into an engine block their own thread alone: this one kept its timer.
    if (code !== 0 || ticks < 10) process.exitCode = 1;
  });
} else {
  console.log(JSON.stringify(await use(told)));
}
