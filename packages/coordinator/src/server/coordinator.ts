import { runPaths } from '@ddpm-fleet/config';
import {
  initialState,
  step,
  type Event,
  type RunOutcome,
  type State,
  type StepMetrics,
} from '../machine/index.js';
import type { CoordinatorOptions } from '../options.js';
import type { DataFrame } from '@ddpm-fleet/protocol';
import { every, type Transport } from '@ddpm-fleet/transport';
import { formerAddresses, liveStatus, writeLive, type Addresses, type LiveStatus } from './live.js';
import type { Emit } from './emit.js';
import { machineOptions } from './machineOptions.js';
import { Performer } from './performer.js';
import { ProgressMeter } from './progress.js';
import { openReaders } from './readers.js';
import { recover } from './recover.js';
import { takeDrainRequests } from './requests.js';
import type { Surroundings } from './surroundings.js';

/** Between two writes of live.json. */
const LIVE_MS = 500;

/** The shell of the machine: what comes from sockets, clock, threads and disk becomes events, whose effects are done. */
export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #surroundings: Surroundings;
  readonly #performer: Performer;
  readonly #progress: ProgressMeter;
  readonly #state: State;
  readonly #events: { readonly event: Event; readonly frame: DataFrame | undefined }[] = [];
  #timers: (() => void)[] = [];
  readonly #livePath: string;
  #handling = false;
  #addresses: Addresses = { control: '', data: '' };
  #finished: (outcome: RunOutcome) => void = () => undefined;
  /** Resolves when the run has ended in order. */
  readonly outcome = new Promise<RunOutcome>((resolve) => (this.#finished = resolve));

  /** @throws DDPM_ERR_JOURNAL */
  constructor(options: CoordinatorOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const paths = runPaths(options.runDir);
    this.#livePath = paths.live;
    const recovery = recover(paths.journal, surroundings.files);
    const { cutBytes } = recovery;
    if (cutBytes > 0)
      options.log.warn({ cutBytes }, 'the last line of the journal was cut off and is removed');
    const machine = machineOptions(options);
    this.#state = initialState(machine, recovery, surroundings.clock.now);
    this.#progress = new ProgressMeter(machine.numSlots * machine.slotBatchSize, machine.steps);
    const emit: Emit = (event, frame) => this.#take(event, frame);
    this.#performer = new Performer(options, surroundings, recovery, emit, {
      onMetrics: (metrics) => this.#onMetrics(metrics),
      onFinished: (outcome) => this.#finished(outcome),
    });
  }

  get addresses(): Addresses {
    return this.#addresses;
  }

  get status(): LiveStatus {
    return liveStatus(this.#surroundings, this.#state, this.#addresses, this.#progress.now());
  }

  /** @throws DDPM_ERR_PORT_IN_USE, DDPM_ERR_TRANSPORT_* */
  async open(transport: Transport): Promise<void> {
    const { config, log } = this.#options;
    this.#addresses = await this.#listen(transport, config.fleet.bind);
    log.info(this.#addresses, 'listening');
    await this.#listenToReaders(transport);
    this.#take({ type: 'start' });
    const { clock } = this.#surroundings;
    this.#timers = [
      every(clock, config.fleet.heartbeatMs, () => this.#take({ type: 'tick' })),
      every(clock, LIVE_MS, () => this.#tellLive()),
      every(clock, LIVE_MS, () => this.#drain()),
    ];
    this.#tellLive();
  }

  stop(reason: string): void {
    this.#take({ type: 'stop', reason });
  }

  checkpointNow(): void {
    this.#take({ type: 'checkpointNow' });
  }

  async close(): Promise<void> {
    for (const stop of this.#timers) stop();
    await this.#performer.close();
    this.#ifOurs(() => this.#surroundings.files.remove(this.#livePath));
  }

  /** Workers go on trying the addresses of the coordinator that was here before. */
  async #listen(transport: Transport, host: string): Promise<Addresses> {
    const { port } = this.#options;
    const { wire } = this.#performer;
    const former = port === 0 ? formerAddresses(this.#surroundings.files, this.#livePath) : undefined;
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
  #take(...[event, frame]: Parameters<Emit>): void {
    this.#events.push({ event: { ...event, now: this.#surroundings.clock.now }, frame });
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift())
        this.#handle(next.event, next.frame);
    } finally {
      this.#handling = false;
    }
  }

  #handle(event: Event, frame: DataFrame | undefined): void {
    if (event.type === 'message') this.#performer.learnLayout(event.message);
    const { effects } = this.#performer.costs.machine(() => step(this.#state, event));
    this.#options.observer?.onTurn?.(this.#state, event, effects);
    for (const effect of effects) this.#performer.perform(effect, frame);
  }

  #onMetrics(metrics: StepMetrics): void {
    this.#progress.add(this.#surroundings.clock.now, metrics);
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
    const asked = takeDrainRequests(this.#surroundings.files, runPaths(this.#options.runDir).requests);
    const peers = [...this.#state.peers.values()].filter(({ workerId }) => asked.includes(workerId));
    const reason = 'it was asked to leave';
    this.#performer.wire.send(
      peers.map(({ peer }) => peer),
      { type: 'DRAIN', reason },
    );
  }

  /** Once another owns the run, this file is of that one. */
  #ifOurs(write: () => void): void {
    try {
      this.#options.claim?.check();
    } catch {
      return;
    }
    write();
  }

  #tellLive(): void {
    const { status } = this;
    this.#ifOurs(() => writeLive(this.#surroundings.files, this.#livePath, status));
    this.#options.observer?.onStatus?.(status);
  }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}
