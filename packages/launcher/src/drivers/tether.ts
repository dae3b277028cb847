/**
 * Loaded into every child by the local driver (`node --import`). The launcher holds the other end of a pipe and
 * never writes; when the launcher is gone, however it went, the kernel closes the pipe and the tether ends this
 * process. It waits in a thread of its own, so that a busy or hung main thread cannot keep the process alive.
 */
import { isMainThread, Worker } from 'node:worker_threads';

const fd = Number(process.env.DDPM_FLEET_TETHER_FD);
if (isMainThread && fd > 0) {
  const workerData = {
    fd,
    role: process.env.DDPM_FLEET_TETHER_ROLE,
    graceMs: Number(process.env.DDPM_FLEET_TETHER_GRACE_MS),
  };
  delete process.env.DDPM_FLEET_TETHER_FD;
  new Worker(new URL('./tetherThread.js', import.meta.url), { workerData, execArgv: [], env: {} }).unref();
}
