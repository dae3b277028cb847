/** Pauses before an address that is in use is tried again. */
const BIND_AGAIN_MS = [10, 50, 150];

/** A socket that was just closed frees its port in a thread of libzmq, a little later. */
export async function bind(socket: { bind(address: string): Promise<void> }, address: string): Promise<void> {
  for (const pauseMs of BIND_AGAIN_MS) {
    try {
      return await socket.bind(address);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return socket.bind(address);
}
