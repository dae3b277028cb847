import { parentPort, workerData } from 'node:worker_threads';
import type { ReducerOptions } from './reducer.js';
import { Reduction } from './reduction.js';
import type { FromThread, ToThread } from './threadReducer.js';

const port = parentPort!;
const options = workerData as ReducerOptions;
let current: Reduction | undefined;

const handlers = {
  onRoot: (root: Extract<FromThread, { type: 'root' }>['root']) => {
    const whole = root.payload.byteLength === root.payload.buffer.byteLength;
    port.postMessage(
      { type: 'root', root } satisfies FromThread,
      whole ? [root.payload.buffer as ArrayBuffer] : [],
    );
  },
  onBad: (bad: Extract<FromThread, { type: 'bad' }>['bad']) =>
    port.postMessage({ type: 'bad', bad } satisfies FromThread),
};

port.on('message', (message: ToThread) => {
  if (message.type === 'begin') {
    current = new Reduction(message.round, message.digest, options, handlers);
    return;
  }
  const { round, node, bucket, memory, sizeBytes } = message;
  if (current?.round === round) current.add(node, bucket, new Uint8Array(memory, 0, sizeBytes));
  port.postMessage({ type: 'done', memory } satisfies FromThread);
});
