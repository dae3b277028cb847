import { isFleetError } from '@ddpm-fleet/core';
import { encodeControl, encodeSignal, FrameKind, HEADER_BYTES, LIMITS } from '@ddpm-fleet/protocol';
import { parseAddress, type Router, type RouterHandlers, type Transport } from '@ddpm-fleet/transport';

/** The two planes of a coordinator. */
export interface Planes {
  readonly control: Router;
  readonly data: Router;
}

/** Pairs of free ports that are tried where any will do. */
const ATTEMPTS = 32;

/**
 * Listens on `host:port` (control) and the port after it (data); port 0 takes a free pair.
 * @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_*
 */
export async function openPlanes(
  transport: Transport,
  host: string,
  port: number,
  run: bigint,
  handlers: { control: RouterHandlers; data: RouterHandlers },
): Promise<Planes> {
  for (let attempt = 1; ; attempt++) {
    const control = await openControl(transport, host, port, handlers.control);
    const next = parseAddress(control.address).port + 1;
    try {
      return { control, data: await openData(transport, host, next, run, handlers.data) };
    } catch (error) {
      await control.close();
      const retry = port === 0 && attempt < ATTEMPTS && isFleetError(error);
      if (!retry) throw error;
    }
  }
}

async function openControl(
  transport: Transport,
  host: string,
  port: number,
  handlers: RouterHandlers,
): Promise<Router> {
  const beat = encodeControl({ type: 'HEARTBEAT', generation: 0, globalStep: 0, progress: 0 });
  return transport.router(
    { address: `tcp://${host}:${port}`, probe: [beat], maxFrameBytes: LIMITS.controlBytes },
    handlers,
  );
}

async function openData(
  transport: Transport,
  host: string,
  port: number,
  run: bigint,
  handlers: RouterHandlers,
): Promise<Router> {
  const maxFrameBytes = LIMITS.payloadBytes + HEADER_BYTES;
  const probe = encodeSignal(FrameKind.probe, run);
  return transport.router({ address: `tcp://${host}:${port}`, probe, maxFrameBytes }, handlers);
}
