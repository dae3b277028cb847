import { Member } from './member.js';
import type { WorkerEnd, WorkerOptions } from './options.js';

/**
 * Joins the run at `addresses`, computes what it is leased and applies what the fleet agrees on, until the run is over
 * or `signal` asks it to leave. It waits for a coordinator for as long as it takes.
 * @throws DDPM_ERR_TRANSPORT_*; everything later is told by the result
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerEnd> {
  const member = new Member(options);
  try {
    await member.open();
    const leave = () => member.leave('asked to leave');
    if (options.signal?.aborted) leave();
    options.signal?.addEventListener('abort', leave, { once: true });
    return await member.ended;
  } finally {
    await member.close();
  }
}
