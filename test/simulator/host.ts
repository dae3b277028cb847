import type {
  Clock,
  Dealer,
  DealerHandlers,
  Frames,
  Router,
  RouterHandlers,
  Transport,
} from '@ddpm-fleet/transport';

/**
 * A process of the fleet. What reaches it and what it does to the world goes through here, so that it can be stopped
 * (SIGSTOP), be killed at any moment, or die in the middle of what it does.
 */
export class Host {
  readonly name: string;
  readonly clock: Clock;
  #isAlive = true;
  /** What came while it was stopped. */
  #missed: (() => void)[] | undefined;
  #actionsLeft = Infinity;
  #onDeath: () => void = () => undefined;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = {
      get now() {
        return clock.now;
      },
      after: (ms, action) => clock.after(ms, () => this.reach(action)),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Something reaches the process: now, when it goes on, or never. */
  reach(action: () => void): void {
    if (!this.#isAlive) return;
    if (this.#missed) this.#missed.push(action);
    else action();
  }

  /** The process is about to do something that others can see. Returns whether it lives to do it. */
  act(): boolean {
    if (!this.#isAlive) return false;
    if (this.#actionsLeft-- > 0) return true;
    this.die();
    this.#onDeath();
    return false;
  }

  /** Dies when it has done so much more that others can see. */
  dieAfter(actions: number, onDeath: () => void): void {
    this.#actionsLeft = actions;
    this.#onDeath = onDeath;
  }

  die(): void {
    this.#isAlive = false;
  }

  freeze(): void {
    this.#missed ??= [];
  }

  thaw(): void {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    for (const action of missed) this.reach(action);
  }

  /** The sockets of this process. */
  transport(under: Transport): Transport {
    return {
      router: async (options, handlers) => this.#router(await under.router(options, this.#heard(handlers))),
      dealer: async (options, handlers) => this.#dealer(await under.dealer(options, this.#called(handlers))),
      close: async () => {
        if (this.#isAlive) await under.close();
      },
    };
  }

  #heard({ onMessage, onUnreachable, onRefused }: RouterHandlers): RouterHandlers {
    return {
      onMessage: (peer, frames) => this.reach(() => onMessage(peer, frames)),
      onUnreachable: (peer) => this.reach(() => onUnreachable(peer)),
      onRefused: (who) => this.reach(() => onRefused(who)),
    };
  }

  #called({ onMessage, onConnected, onDisconnected, onRefused }: DealerHandlers): DealerHandlers {
    return {
      onMessage: (frames) => this.reach(() => onMessage(frames)),
      onConnected: () => this.reach(onConnected),
      onDisconnected: () => this.reach(onDisconnected),
      onRefused: (reason) => this.reach(() => onRefused(reason)),
    };
  }

  #router(under: Router): Router {
    return {
      address: under.address,
      get queuedBytes() {
        return under.queuedBytes;
      },
      send: (peer: string, frames: Frames) => {
        if (this.act()) under.send(peer, frames);
      },
      forget: (peer) => under.forget(peer),
      flush: () => under.flush(),
      close: async () => {
        if (this.#isAlive) await under.close();
      },
    };
  }

  #dealer(under: Dealer): Dealer {
    return {
      get connected() {
        return under.connected;
      },
      get queuedBytes() {
        return under.queuedBytes;
      },
      send: (frames: Frames) => {
        if (this.act()) under.send(frames);
      },
      flush: () => under.flush(),
      close: async () => {
        if (this.#isAlive) await under.close();
      },
    };
  }
}
