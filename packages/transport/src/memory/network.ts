import { fleetError } from '@ddpm-fleet/core';
import type {
  Dealer,
  DealerHandlers,
  DealerOptions,
  Router,
  RouterHandlers,
  RouterOptions,
  Transport,
} from '../transport.js';
import { assertPrivate, parseAddress } from '../zmq/address.js';
import { wallClock, type Clock } from './clock.js';
import type { Neighbourhood } from './connection.js';
import { MemoryDealer } from './dealer.js';
import { Dice, QUIET, type FaultCounts, type Faults } from './faults.js';
import { MemoryRouter } from './router.js';

export interface NetworkOptions {
  readonly seed?: number;
  readonly clock?: Clock;
  readonly faults?: Faults;
}

/** First of the ports that port 0 stands for. */
const FREE_PORTS = 20_000;

/**
 * Hosts in one process that can do to each other what hosts do: be slow, break connections, be cut off, vanish. All
 * of it depends on the seed alone.
 */
export class MemoryNetwork implements Neighbourhood {
  readonly clock: Clock;
  readonly dice: Dice;
  faults: Faults;
  readonly counts: FaultCounts = {
    messages: 0,
    bytes: 0,
    single: { messages: 0, bytes: 0 },
    broken: 0,
    duplicated: 0,
    overtaken: 0,
    heldBack: 0,
  };
  readonly #routers = new Map<string, MemoryRouter>();
  readonly #sockets = new Map<string, Set<MemoryRouter | MemoryDealer>>();
  readonly #cuts = new Set<string>();
  #waiting: { pair: string; action: () => void }[] = [];
  #nextPort = FREE_PORTS;

  constructor({ seed = 0, clock = wallClock, faults = QUIET }: NetworkOptions = {}) {
    this.clock = clock;
    this.dice = new Dice(seed);
    this.faults = faults;
  }

  /** Sockets of one host; addresses are those of ZeroMQ. */
  transport(host: string): Transport {
    return {
      router: async (options, handlers) => this.#openRouter(host, options, handlers),
      dealer: async (options, handlers) => this.#openDealer(host, options, handlers),
      close: async () => {
        await Promise.all([...this.#socketsOf(host)].map((socket) => socket.close()));
      },
    };
  }

  /** The host is gone from one moment to the next: nothing of it is sent any more. */
  crash(host: string): void {
    for (const socket of this.#socketsOf(host)) socket.vanish();
    this.#sockets.delete(host);
  }

  /** The next message that the host sends to this address is lost with its connection. */
  breakUnderNext(host: string, address: string): void {
    for (const socket of this.#socketsOf(host)) {
      if (socket instanceof MemoryDealer && socket.address === address) socket.breakUnderNext = true;
    }
  }

  /** Nothing passes between the hosts until `mend`. */
  cut(a: string, b: string): void {
    this.#cuts.add(pairOf(a, b));
  }

  mend(a: string, b: string): void {
    const pair = pairOf(a, b);
    this.#cuts.delete(pair);
    const due = this.#waiting.filter((one) => one.pair === pair);
    this.#waiting = this.#waiting.filter((one) => one.pair !== pair);
    for (const { action } of due) action();
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.has(pairOf(a, b));
  }

  whenMended(a: string, b: string, action: () => void): void {
    this.#waiting.push({ pair: pairOf(a, b), action });
  }

  routerAt(address: string): MemoryRouter | undefined {
    return this.#routers.get(address);
  }

  forgetSocket(host: string, socket: MemoryRouter | MemoryDealer): void {
    this.#sockets.get(host)?.delete(socket);
    if (socket instanceof MemoryRouter) this.#routers.delete(socket.address);
  }

  #openRouter(host: string, options: RouterOptions, handlers: RouterHandlers): Router {
    assertPrivate(options.address, false);
    const { host: interfaceHost, port } = parseAddress(options.address);
    const address = `tcp://${interfaceHost}:${port || this.#nextPort++}`;
    if (this.#routers.has(address)) throw fleetError('DDPM_ERR_PORT_IN_USE', { address });
    const router = new MemoryRouter(this, host, address, options, handlers);
    this.#routers.set(address, router);
    this.#socketsOf(host).add(router);
    return router;
  }

  #openDealer(host: string, options: DealerOptions, handlers: DealerHandlers): Dealer {
    assertPrivate(options.address, false);
    const dealer = new MemoryDealer(this, host, options, handlers);
    this.#socketsOf(host).add(dealer);
    return dealer;
  }

  #socketsOf(host: string): Set<MemoryRouter | MemoryDealer> {
    let sockets = this.#sockets.get(host);
    if (!sockets) this.#sockets.set(host, (sockets = new Set()));
    return sockets;
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
