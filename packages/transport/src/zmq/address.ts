import { fleetError } from '@ddpm-fleet/core';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** @throws DDPM_ERR_TRANSPORT_ADDRESS */
export function parseAddress(address: string): TcpAddress {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.%]+\]|[^:/[\]]+):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (!match || port > 65535) throw fleetError('DDPM_ERR_TRANSPORT_ADDRESS', { address });
  return { host: match[1]!, port };
}

/** Whether only this host can reach the address. */
export function isLoopback({ host }: TcpAddress): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === 'localhost' || host === '[::1]';
}

/**
 * Gradients are a training set in another form: they do not travel unencrypted.
 * @throws DDPM_ERR_TRANSPORT_PLAIN
 */
export function assertPrivate(address: string, encryptedOrAsked: boolean): TcpAddress {
  const parsed = parseAddress(address);
  if (!encryptedOrAsked && !isLoopback(parsed)) throw fleetError('DDPM_ERR_TRANSPORT_PLAIN', { address });
  return parsed;
}
