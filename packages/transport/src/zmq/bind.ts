import { createServer } from 'node:net';

/** Pauses before an address that is in use is tried again. */
const BIND_AGAIN_MS = [10, 50, 150];

/**
 * EADDRINUSE: a socket that was just closed frees its port in a thread of libzmq, a little later.
 * EAGAIN: libzmq tells its monitor of a failed bind before it returns, and that write may leave its own errno
 * in place of the reason (once in a few thousand on a loaded machine). The next try may tell the reason; where the
 * monitor stays behind, the system is asked for it without libzmq.
 */
const AGAIN = new Set(['EADDRINUSE', 'EAGAIN']);

/**
 * Binds, and tries again where the refusal may pass or hides its reason.
 * @throws what libzmq says, with its `code`
 */
export async function bind(socket: { bind(address: string): Promise<void> }, address: string): Promise<void> {
  for (const pauseMs of BIND_AGAIN_MS) {
    try {
      return await socket.bind(address);
    } catch (error) {
      if (!AGAIN.has((error as { code?: string }).code ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  try {
    return await socket.bind(address);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EAGAIN') throw error;
    throw (await refusalOf(address)) ?? error;
  }
}

/** What the system says to the same wish; undefined where it grants it. */
async function refusalOf(address: string): Promise<Error | undefined> {
  const [, host, port] = /^tcp:\/\/\[?([^\]]+)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) return undefined;
  return new Promise((resolve) => {
    const server = createServer().once('error', resolve);
    server.listen(Number(port), host, () => server.close(() => resolve(undefined)));
  });
}
