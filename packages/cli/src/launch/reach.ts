import { connect, createServer, type Server } from 'node:net';

const CONNECT_MS = 5000;

/** Whether this host can open a connection there: 'ok', or why not. */
export function tryReach(address: string): Promise<string> {
  const [, host = '', port = ''] = /^tcp:\/\/(?:\[(?=.*\]))?([^\]]+?)\]?:(\d+)$/.exec(address) ?? [];
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: CONNECT_MS });
    const end = (what: string): void => {
      socket.destroy();
      resolve(what);
    };
    socket.once('connect', () => end('ok'));
    socket.once('timeout', () => end(`no answer within ${CONNECT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

/** Listens where a coordinator will, so that other hosts can try; undefined where the port is taken. */
export async function listenFor(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '0.0.0.0', () => resolve(server));
  });
}
