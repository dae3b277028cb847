import { runPaths } from '@ddpm-fleet/config';
import {
  initialState,
  step,
  type Event,
  type Outcome,
  type State,
  type StepMetrics,
} from '../machine/index.js';
import type { CoordinatorOptions } from '../options.js';
import type { Transport } from '@ddpm-fleet/transport';
import {
  formerAddresses,
  liveStatus,
  removeLive,
  writeLive,
  type Addresses,
  type LiveStatus,
} from './live.js';
import { machineOptions } from './machineOptions.js';
import { Performer } from './performer.js';
import { ProgressMeter } from './progress.js';
import { openReaders } from './readers.js';
import { recover } from './recover.js';
import { takeDrainRequests } from './requests.js';

/** Between two writes of live.json. */
const LIVE_MS = 500;

/** The shell of the machine: what comes from sockets, clock, threads and disk becomes events, whose effects are done. */
export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #performer: Performer;
  readonly #progress: ProgressMeter;
  readonly #state: State;
  readonly #events: Event[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #livePath: string;
  #handling = false;
  #addresses: Addresses = { control: '', data: '' };
  #finished: (outcome: Outcome) => void = () => undefined;
  /** Resolves when the run has ended in order. */
  readonly outcome = new Promise<Outcome>((resolve) => (this.#finished = resolve));

  /** @throws DDPM_ERR_JOURNAL */
  constructor(options: CoordinatorOptions) {
    this.#options = options;
    const paths = runPaths(options.runDir);
    this.#livePath = paths.live;
    const { cutBytes, ...recovery } = recover(paths.journal);
    if (cutBytes > 0)
      options.log.warn({ cutBytes }, 'the last line of the journal was cut off and is removed');
    const machine = machineOptions(options);
    this.#state = initialState(machine, recovery, performance.now());
    this.#progress = new ProgressMeter(machine.numSlots * machine.slotBatchSize, machine.steps);
    this.#performer = new Performer(
      options,
      recovery,
      (event) => this.#take({ ...event, now: performance.now() }),
      {
        onMetrics: (metrics) => this.#onMetrics(metrics),
        onFinished: (outcome) => this.#finished(outcome),
      },
    );
  }

  get addresses(): Addresses {
    return this.#addresses;
  }

  get status(): LiveStatus {
    return liveStatus(this.#state, this.#addresses, this.#progress.now());
  }

  /** @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_* */
  async open(transport: Transport): Promise<void> {
    const { config, log } = this.#options;
    this.#addresses = await this.#listen(transport, config.fleet.bind);
    log.info(this.#addresses, 'listening');
    await this.#listenToReaders(transport);
    this.#take({ type: 'start', now: performance.now() });
    const tick = () => this.#take({ type: 'tick', now: performance.now() });
    this.#timers.push(
      setInterval(tick, config.fleet.heartbeatMs),
      setInterval(() => this.#tellLive(), LIVE_MS),
      setInterval(() => this.#drain(), LIVE_MS),
    );
    this.#tellLive();
  }

  stop(reason: string): void {
    this.#take({ type: 'stop', reason, now: performance.now() });
  }

  checkpointNow(): void {
    this.#take({ type: 'checkpointNow', now: performance.now() });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#performer.close();
    removeLive(this.#livePath);
  }

  /** Workers go on trying the addresses of the coordinator that was here before. */
  async #listen(transport: Transport, host: string): Promise<Addresses> {
    const { port } = this.#options;
    const { wire } = this.#performer;
    const former = port === 0 ? formerAddresses(this.#livePath) : undefined;
    const again = former && (await wire.open(transport, host, portOf(former.control)).catch(() => undefined));
    return again ?? wire.open(transport, host, port);
  }

  /** Without keys whoever is on this host can read the run's directory as well. */
  async #listenToReaders(transport: Transport): Promise<void> {
    const { security, log } = this.#options;
    const { refusals } = this.#performer.wire;
    if (security) await openReaders(transport, this.#addresses.data, () => this.status, refusals, log);
  }

  /** Events wait their turn: effects of one may bring about the next. */
  #take(event: Event): void {
    this.#events.push(event);
    if (this.#handling) return;
    this.#handling = true;
    const { costs } = this.#performer;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) {
        if (next.type === 'message') this.#performer.learnLayout(next.message);
        const { effects } = costs.machine(() => step(this.#state, next));
        for (const effect of effects) this.#performer.perform(effect);
      }
    } finally {
      this.#handling = false;
    }
  }

  #onMetrics(metrics: StepMetrics): void {
    this.#progress.add(performance.now(), metrics);
    const { log, observer } = this.#options;
    const { globalStep, loss, gradNorm, ms, workers } = metrics;
    const { everySteps } = this.#options.config.log;
    if (everySteps > 0 && globalStep % everySteps === 0) {
      const costs = this.#performer.costs.take();
      log.info({ globalStep, loss, gradNorm, ms, workers, costs, ...this.#progress.now() }, 'step');
    }
    observer?.onStep?.(this.status, metrics);
  }

  #drain(): void {
    const asked = takeDrainRequests(runPaths(this.#options.runDir).requests);
    const peers = [...this.#state.peers.values()].filter(({ workerId }) => asked.includes(workerId));
    const reason = 'it was asked to leave';
    this.#performer.wire.send(
      peers.map(({ peer }) => peer),
      { type: 'DRAIN', reason },
    );
  }

  #tellLive(): void {
    const { status } = this;
    writeLive(this.#livePath, status);
    this.#options.observer?.onStatus?.(status);
  }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}
