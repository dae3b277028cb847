import { Reply, type Context } from 'zeromq';
import { bind } from './bind.js';
import type { ServerSecurity } from './security.js';
import { encodeZ85 } from './z85.js';

/** The domain of the router that was asked, who it was, and why it was not let in. */
export type Refused = (domain: string, who: string) => void;

const OK = ['200', 'OK'];
const REFUSED = ['400', 'authentication refused'];

/**
 * Answers the authentication requests of all server sockets of a context (ZAP, https://rfc.zeromq.org/spec/27).
 * It must run before the first of them binds.
 */
export class ZapServer {
  readonly #reply: Reply;
  readonly #workers: ReadonlyMap<string, string>;
  readonly #readers: ReadonlyMap<string, string>;
  readonly #refused: Refused;

  private constructor(reply: Reply, { allowed, readers = {} }: ServerSecurity, refused: Refused) {
    this.#reply = reply;
    this.#workers = namesByKey(allowed);
    this.#readers = namesByKey(readers);
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
    for await (const [version, id, domain, address, , mechanism, key] of this.#reply) {
      const publicKey = String(mechanism) === 'CURVE' && key?.length === 32 ? encodeZ85(key) : '';
      const problem = this.#problem(publicKey, String(domain));
      if (problem !== undefined) this.#refused(String(domain), `${String(address)}: ${problem}`);
      await this.#reply.send([version!, id!, ...(problem === undefined ? OK : REFUSED), '', '']);
    }
  }

  /** Why a key is not let in; undefined where it is. Public keys are no secret. */
  #problem(publicKey: string, domain: string): string | undefined {
    if (publicKey === '') return 'it has no key';
    if (this.#workers.has(publicKey)) return undefined;
    const reader = this.#readers.get(publicKey);
    if (reader === undefined) return `the key ${publicKey} is not on the allow-list`;
    return domain.startsWith('reader.') ? undefined : `the key "${reader}" may read and not take part`;
  }
}

function namesByKey(list: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(list).map(([name, key]) => [key, name]));
}
