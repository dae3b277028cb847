import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';

/** Where the search for a free pair of ports begins. */
const FIRST_PORT = 29_500;
const PORTS = 200;

/** The address of this host that lies towards another: what the route there starts from. Nothing is sent. */
export async function addressTowards(host: string): Promise<string> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).connect(9, address, resolve);
    });
    const own = socket.address().address;
    return family === 6 ? `[${own}]` : own;
  } finally {
    socket.close();
  }
}

/** The first of two neighbouring ports that nobody listens on. Undefined where there are none. */
export async function freePortPair(): Promise<number | undefined> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port += 2) {
    if (await isFreePair(port)) return port;
  }
  return undefined;
}

export async function isFreePair(port: number): Promise<boolean> {
  return (await isFree(port)) && (await isFree(port + 1));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
