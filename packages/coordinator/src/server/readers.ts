import { isFleetError } from '@ddpm-fleet/core';
import { parseAddress, type Router, type Transport } from '@ddpm-fleet/transport';
import type { Logger } from 'pino';
import type { LiveStatus } from './live.js';
import type { Refusals } from './refusals.js';

/** A question is one short frame whose content does not matter; the frames of the CURVE handshake count, too. */
const QUESTION_BYTES = 4096;
const READERS = 64;

/**
 * Answers whoever may read with the run's status, as JSON, on the port after the data plane's. A port that is taken
 * costs the readers and nothing else.
 */
export async function openReaders(
  transport: Transport,
  data: string,
  status: () => LiveStatus,
  refusals: Refusals,
  log: Logger,
): Promise<Router | undefined> {
  const { host, port } = parseAddress(data);
  const address = `tcp://${host}:${port + 1}`;
  try {
    const router: Router = await transport.router(
      { address, probe: [Buffer.alloc(0)], maxFrameBytes: QUESTION_BYTES, maxPeers: READERS, role: 'reader' },
      {
        onMessage: (peer) => router.send(peer, [Buffer.from(JSON.stringify(status()))]),
        onUnreachable: () => undefined,
        onRefused: (who) => refusals.connection(who),
      },
    );
    return router;
  } catch (error) {
    if (!isFleetError(error)) throw error;
    log.warn({ address }, `nobody can read the status from afar: ${error.message}`);
    return undefined;
  }
}
