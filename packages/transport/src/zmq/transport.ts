import { context, curveKeyPair } from 'zeromq';
import type {
  Dealer,
  DealerHandlers,
  DealerOptions,
  Router,
  RouterHandlers,
  RouterOptions,
  Transport,
} from '../transport.js';
import { ZmqDealer } from './dealer.js';
import { ZmqRouter } from './router.js';
import type { ClientSecurity, KeyPair, ServerSecurity } from './security.js';
import { ZapServer } from './zap.js';

export interface ZmqOptions {
  /** For routers; needed beyond the loopback interface. */
  readonly server?: ServerSecurity;
  /** For dealers; needed beyond the loopback interface. */
  readonly client?: ClientSecurity;
  /** Somebody asked for plain TCP beyond the loopback interface, and knows what that means. */
  readonly insecure?: boolean;
}

/** A new CURVE key pair. */
export function newKeyPair(): KeyPair {
  return curveKeyPair();
}

/**
 * TCP through libzmq (in its one context a process: others were seen to keep a process from ending), encrypted with CURVE where keys are given. Its sockets must live in a main thread: ending a
 * worker thread that owns one aborts the process. At most one transport a process has server keys.
 */
export function zmqTransport(options: ZmqOptions = {}): Transport {
  return new ZmqTransport(options);
}

class ZmqTransport implements Transport {
  readonly #options: ZmqOptions;
  readonly #open: (Router | Dealer)[] = [];
  /** By the domain of each router: its role and a number. */
  readonly #refusals = new Map<string, (who: string) => void>();
  #zap: Promise<ZapServer> | undefined;

  constructor(options: ZmqOptions) {
    this.#options = options;
  }

  async router(options: RouterOptions, handlers: RouterHandlers): Promise<Router> {
    const { server, insecure = false } = this.#options;
    const domain = `${options.role ?? 'worker'}.${this.#refusals.size}`;
    this.#refusals.set(domain, (who) => handlers.onRefused(who));
    if (server) {
      this.#zap ??= ZapServer.start(context, server, (at, who) => this.#refusals.get(at)?.(who));
      await this.#zap;
    }
    const router = await ZmqRouter.open(context, { server, insecure, domain }, options, handlers);
    this.#open.push(router);
    return router;
  }

  async dealer(options: DealerOptions, handlers: DealerHandlers): Promise<Dealer> {
    const { client, insecure = false } = this.#options;
    const dealer = ZmqDealer.open(context, { client, insecure }, options, handlers);
    this.#open.push(dealer);
    return dealer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((socket) => socket.close()));
    (await this.#zap)?.close();
  }
}
