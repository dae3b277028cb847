import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';

const { fd, role, graceMs } = workerData as { fd: number; role: string; graceMs: number };

/**
 * The coordinator is asked to stop, so that it takes a last checkpoint; workers serve it meanwhile. What is still
 * there after the grace period is killed.
 */
function launcherIsGone(): void {
  if (role === 'coordinator') process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs);
}

const pipe = new Socket({ fd, readable: true, writable: false });
pipe.once('close', launcherIsGone);
pipe.on('error', () => undefined);
pipe.resume();
