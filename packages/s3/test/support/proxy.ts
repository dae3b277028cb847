import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy that counts what goes through it, and can be slow. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes that clients have sent. */
  sentBytes = 0;
  /** Bytes that the server has answered. */
  receivedBytes = 0;
  /** Called with `sentBytes` whenever it grows. */
  onSent: (sentBytes: number) => void = () => {};
  /** Of each connection, towards the server. */
  bytesPerSecond = Infinity;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        socket.on('error', () => {
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(this.#meter()).pipe(upstream);
      upstream.on('data', (chunk: Buffer) => (this.receivedBytes += chunk.length));
      upstream.pipe(client);
    });
  }

  static async open(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #meter(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.sentBytes += chunk.length;
        this.onSent(this.sentBytes);
        const ms = (1000 * chunk.length) / this.bytesPerSecond;
        if (ms < 1) done(null, chunk);
        else void sleep(ms, undefined, { ref: false }).then(() => done(null, chunk));
      },
    });
  }
}
