import { isFleetError } from '@ddpm-fleet/core';
import { encodeControl, encodeFrame, FrameKind, HEADER_BYTES, LIMITS } from '@ddpm-fleet/protocol';
import { parseAddress, type Router, type RouterHandlers, type Transport } from '@ddpm-fleet/transport';

/** The two planes of a coordinator. */
export interface Planes {
  readonly control: Router;
  readonly data: Router;
}

/** Pairs of free ports that are tried where any will do. */
const ATTEMPTS = 32;

export interface PlaneOptions {
  readonly host: string;
  readonly port: number;
  readonly run: bigint;
  readonly maxPeers: number;
}

/**
 * Listens on `host:port` (control) and the port after it (data); port 0 takes a free pair.
 * @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_*
 */
export async function openPlanes(
  transport: Transport,
  options: PlaneOptions,
  handlers: { control: RouterHandlers; data: RouterHandlers },
): Promise<Planes> {
  for (let attempt = 1; ; attempt++) {
    const control = await openControl(transport, options, handlers.control);
    const next = parseAddress(control.address).port + 1;
    try {
      return { control, data: await openData(transport, { ...options, port: next }, handlers.data) };
    } catch (error) {
      await control.close();
      const retry = options.port === 0 && attempt < ATTEMPTS && isFleetError(error);
      if (!retry) throw error;
    }
  }
}

async function openControl(
  transport: Transport,
  { host, port, maxPeers }: PlaneOptions,
  handlers: RouterHandlers,
): Promise<Router> {
  const beat = encodeControl({ type: 'HEARTBEAT', generation: 0, globalStep: 0, progress: 0 });
  return transport.router(
    { address: `tcp://${host}:${port}`, probe: [beat], maxFrameBytes: LIMITS.controlBytes, maxPeers },
    handlers,
  );
}

async function openData(
  transport: Transport,
  { host, port, run, maxPeers }: PlaneOptions,
  handlers: RouterHandlers,
): Promise<Router> {
  const maxFrameBytes = LIMITS.payloadBytes + HEADER_BYTES;
  const probe = encodeFrame({ kind: FrameKind.probe, run });
  return transport.router({ address: `tcp://${host}:${port}`, probe, maxFrameBytes, maxPeers }, handlers);
}
