import { parentPort } from 'node:worker_threads';
import { serveCalls } from './rpc.js';
import { ComputeSession } from './session.js';

/** Entry of the compute thread. */
const session = new ComputeSession();
const { dispose } = session;
session.dispose = async () => {
  await dispose.call(session);
  // The reply is posted first; without a port the thread then ends by itself.
  setImmediate(() => parentPort!.close());
};
serveCalls(parentPort!, session);
