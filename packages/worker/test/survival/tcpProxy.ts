import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

type Direction = 'toServer' | 'toClient';

/** What was done to the traffic; a test that injected nothing has shown nothing. */
export interface Injected {
  cuts: number;
  resets: number;
  /** Chunks that were held back while cut, delayed or throttled. */
  heldChunks: number;
}

/**
 * A TCP proxy between real sockets whose link can be cut in either direction without closing anything (a pulled
 * cable), delayed, throttled, or reset.
 */
export class TcpProxy {
  readonly injected: Injected = { cuts: 0, resets: 0, heldChunks: 0 };
  readonly #target: number;
  readonly #server: Server;
  readonly #pipes = new Set<Pipe>();
  readonly #cut = { toServer: false, toClient: false };
  #delayMs = 0;
  #bytesPerSecond = Infinity;

  /** @param target port on this host */
  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as { port: number }).port;
  }

  /** From now on bytes of these directions stay in the proxy. */
  cut(...directions: Direction[]): void {
    this.injected.cuts++;
    for (const direction of directions) this.#cut[direction] = true;
  }

  mend(): void {
    this.#cut.toServer = this.#cut.toClient = false;
    for (const pipe of this.#pipes) pipe.pump();
  }

  /** Ends every connection with a reset; new ones are taken. */
  reset(): void {
    for (const pipe of this.#pipes) if (pipe.reset()) this.injected.resets++;
  }

  delay(ms: number): void {
    this.#delayMs = ms;
  }

  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  async close(): Promise<void> {
    for (const pipe of this.#pipes) pipe.reset();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const both = [client, server];
    const link = (from: Socket, to: Socket, direction: Direction): Pipe =>
      new Pipe(from, to, {
        isCut: () => this.#cut[direction],
        delayMs: (bytes) => this.#delayMs + (bytes / this.#bytesPerSecond) * 1000,
        onHeld: () => this.injected.heldChunks++,
      });
    const pipes = [link(client, server, 'toServer'), link(server, client, 'toClient')];
    for (const pipe of pipes) this.#pipes.add(pipe);
    for (const socket of both) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const other of both) other.destroy();
        for (const pipe of pipes) this.#pipes.delete(pipe);
      });
    }
  }
}

interface PipeRules {
  isCut(): boolean;
  delayMs(bytes: number): number;
  onHeld(): void;
}

/** One direction of one connection: chunks leave in order, each no earlier than its time. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #rules: PipeRules;
  readonly #waiting: { chunk: Buffer; at: number }[] = [];
  #lastAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, rules: PipeRules) {
    this.#from = from;
    this.#to = to;
    this.#rules = rules;
    from.on('data', (chunk) => this.#take(chunk as Buffer));
  }

  pump(): void {
    clearTimeout(this.#timer);
    if (this.#to.destroyed) return;
    const now = performance.now();
    while (this.#waiting.length > 0 && !this.#rules.isCut() && this.#waiting[0]!.at <= now)
      this.#to.write(this.#waiting.shift()!.chunk);
    if (this.#waiting.length > 0 && !this.#rules.isCut())
      this.#timer = setTimeout(() => this.pump(), Math.max(1, this.#waiting[0]!.at - now));
  }

  reset(): boolean {
    if (this.#from.destroyed) return false;
    this.#from.resetAndDestroy();
    return true;
  }

  #take(chunk: Buffer): void {
    const now = performance.now();
    const at = Math.max(now, this.#lastAt) + this.#rules.delayMs(chunk.length);
    this.#lastAt = at;
    if (this.#rules.isCut() || at > now) this.#rules.onHeld();
    this.#waiting.push({ chunk, at });
    this.pump();
  }
}
