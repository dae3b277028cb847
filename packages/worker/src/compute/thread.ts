import { parentPort } from 'node:worker_threads';
import { serveCalls } from './rpc.js';
import { ComputeSession } from './session.js';

/** Entry of the compute thread. */
class ThreadSession extends ComputeSession {
  /** The reply is posted before the port closes; without a port the thread ends by itself. */
  override async dispose(): Promise<void> {
    await super.dispose();
    setImmediate(() => parentPort!.close());
  }
}

serveCalls<ComputeSession>(parentPort!, new ThreadSession());
