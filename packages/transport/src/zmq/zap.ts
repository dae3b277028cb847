import { Reply, type Context } from 'zeromq';
import { bind } from './bind.js';
import type { ServerSecurity } from './security.js';
import { encodeZ85 } from './z85.js';

/** The name of the key and where it came from, or why there is none. */
export type Refused = (who: string) => void;

const OK = ['200', 'OK'];
const REFUSED = ['400', 'authentication refused'];

/**
 * Answers the authentication requests of all server sockets of a context (ZAP, https://rfc.zeromq.org/spec/27).
 * It must run before the first of them binds.
 */
export class ZapServer {
  readonly #reply: Reply;
  readonly #allowed: ReadonlySet<string>;
  readonly #refused: Refused;

  private constructor(reply: Reply, security: ServerSecurity, refused: Refused) {
    this.#reply = reply;
    this.#allowed = new Set(Object.values(security.allowed));
    this.#refused = refused;
  }

  static async start(context: Context, security: ServerSecurity, refused: Refused): Promise<ZapServer> {
    const reply = new Reply({ context, linger: 0 });
    await bind(reply, 'inproc://zeromq.zap.01');
    const server = new ZapServer(reply, security, refused);
    void server.#serve();
    return server;
  }

  close(): void {
    this.#reply.close();
  }

  async #serve(): Promise<void> {
    for await (const [version, id, , address, , mechanism, key] of this.#reply) {
      const publicKey = key?.length === 32 ? encodeZ85(key) : '';
      const allowed = String(mechanism) === 'CURVE' && this.#allowed.has(publicKey);
      if (!allowed) this.#refused(`${String(address)} with the key ${publicKey || '(none)'}`);
      await this.#reply.send([version!, id!, ...(allowed ? OK : REFUSED), '', '']);
    }
  }
}
