import type { Context, SocketOptions, Router as ZmqRouter, Dealer as ZmqDealer } from 'zeromq';

/** A CURVE key pair, Z85 text of 40 characters each. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The binding side: its own pair, and who may connect (name -> public key). */
export interface ServerSecurity {
  readonly keys: KeyPair;
  readonly allowed: Readonly<Record<string, string>>;
  /** Who may connect to routers of the role `reader` and to no other. */
  readonly readers?: Readonly<Record<string, string>>;
}

/** The connecting side: its own pair, and the key that the server must prove to have. */
export interface ClientSecurity {
  readonly keys: KeyPair;
  readonly serverKey: string;
}

/** @param domain comes with each request for authentication that this router's connections bring about */
export function serverOptions(
  security: ServerSecurity | undefined,
  domain: string,
): SocketOptions<ZmqRouter> {
  if (!security) return {};
  return { curveServer: true, curveSecretKey: security.keys.secretKey, zapDomain: domain };
}

export function clientOptions(security: ClientSecurity | undefined): SocketOptions<ZmqDealer> {
  if (!security) return {};
  const { keys, serverKey } = security;
  return { curvePublicKey: keys.publicKey, curveSecretKey: keys.secretKey, curveServerKey: serverKey };
}

export type ZmqContext = Context;
