import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { ExecutionContext } from 'ava';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Serves folders on this machine, `/name/...` from `folders.name`; returns the address. */
export async function serveFolders(
  t: Pick<ExecutionContext, 'teardown'>,
  folders: Readonly<Record<string, string>>,
): Promise<string> {
  const server = createServer((request, response) => {
    const [, name, ...rest] = new URL(request.url!, 'http://host').pathname.split('/');
    const folder = folders[name!];
    const path = folder === undefined ? '' : join(folder, normalize(rest.join('/')));
    if (name === '') return void response.setHeader('content-type', 'text/html').end('<!doctype html>');
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    createReadStream(path).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
