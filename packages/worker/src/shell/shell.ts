import { receivedConfig } from '@ddpm-fleet/config';
import { bucketsOf } from '@ddpm-fleet/core';
import type { SharedMemory } from '@ddpm-fleet/engine/segments';
import { Dtype, DTYPE_BYTES, runKey, type ControlMessage, type SegmentMessage } from '@ddpm-fleet/protocol';
import type { WorkerEffect, WorkerEffectOf } from '../machine/effects.js';
import type { Alarm, Run } from '../machine/events.js';
import { initialState, type WorkerState } from '../machine/state.js';
import { step } from '../machine/step.js';
import { DeviceWork } from './deviceWork.js';
import { Exchange } from './exchange.js';
import { Link } from './link.js';
import { Sharing } from './sharing.js';
import type { Checkpoints, News, Prepared, Surroundings } from './ports.js';

/** What is there once the worker is prepared. */
interface Hands {
  readonly work: DeviceWork;
  readonly exchange: Exchange;
  readonly checkpoints: Checkpoints;
}

/** A worker: tells the machine what happens, and carries out what it decides. */
export class WorkerShell {
  readonly #surroundings: Surroundings;
  readonly #link: Link;
  readonly #state: WorkerState;
  #hands: Hands | undefined;
  #coordinatorHost = '';

  constructor(surroundings: Surroundings) {
    const { identity, clock, log } = surroundings;
    const { peer, ...self } = identity;
    this.#surroundings = surroundings;
    this.#state = initialState(self, clock.now);
    this.#link = new Link(peer, {
      onMessage: (message) => this.#onMessage(message),
      onFrame: (frame) => this.take({ type: 'frame', frame }),
      onConnected: () => this.take({ type: 'connected' }),
      onDisconnected: () => log.warn({}, 'the coordinator is gone; keeping the state and trying again'),
      onRefused: (reason) => this.take({ type: 'refused', reason }),
      onGarbage: (error) => log.warn({ fault: error.fault }, error.message),
    });
  }

  /** What the machine knows, to look at. */
  get state(): WorkerState {
    return this.#state;
  }

  /** @throws DDPM_ERR_TRANSPORT_* */
  async open(): Promise<void> {
    const { transport, addresses, identity, log } = this.#surroundings;
    const { workerId, peer } = identity;
    log.info({ workerId, peer, ...addresses }, 'joining');
    this.take({ type: 'start' });
    await this.#link.open(transport, addresses);
  }

  /** Sends what waits, for at most a second. */
  async close(): Promise<void> {
    await this.#link.close();
  }

  /** Something happened, here or elsewhere. */
  take(news: News): void {
    try {
      const event = { ...news, now: this.#surroundings.clock.now };
      const { effects } = step(this.#state, event);
      this.#surroundings.onTurn?.(event, effects);
      for (const effect of effects) this.#perform(effect);
    } catch (error) {
      if (news.type === 'failed') throw error;
      this.take({ type: 'failed', error });
    }
  }

  #onMessage(message: Exclude<ControlMessage, SegmentMessage>): void {
    if (message.type !== 'RUN') return this.take({ type: 'message', message });
    const { runId, runDir, host } = message;
    this.#coordinatorHost = host;
    try {
      this.take({ type: 'run', run: { runId, runDir, config: receivedConfig(message.config) } });
    } catch (error) {
      this.take({ type: 'failed', error });
    }
  }

  #perform(effect: WorkerEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#link.send(effect.message);
      case 'attach':
        return this.#link.attach();
      case 'wake':
        return this.#wake(effect.due, effect.afterMs);
      case 'log':
        return this.#surroundings.log[effect.level](effect.fields ?? {}, effect.text);
      case 'exit':
        return this.#surroundings.onEnd(effect.end);
      case 'prepare':
        return this.#prepare(effect.run);
      default:
        return this.#handle(effect, this.#hands!);
    }
  }

  #handle(
    effect: Exclude<WorkerEffect, { type: 'send' | 'attach' | 'wake' | 'log' | 'exit' | 'prepare' }>,
    { work, exchange, checkpoints }: Hands,
  ): void {
    switch (effect.type) {
      case 'sendSum':
        return exchange.sendSum(effect);
      case 'sendState':
        return this.#awaited(exchange.sendState(effect));
      case 'readCheckpoint':
        return this.#awaited(this.#readCheckpoint(effect, checkpoints));
      case 'writeShare':
        return this.#awaited(this.#writeShare(effect, checkpoints));
      default:
        return work.perform(effect);
    }
  }

  #wake(due: Alarm, afterMs: number): void {
    this.#surroundings.clock.after(afterMs, () => {
      const progress = this.#hands?.work.progress ?? { globalStep: 0, slots: 0 };
      this.take({ type: 'tick', due, progress });
    });
  }

  #prepare(run: Run): void {
    const ready = Promise.all([this.#surroundings.prepare(run), this.#openMemory(run)]);
    this.#awaited(ready.then(([prepared, memory]) => this.#onPrepared(run, prepared, memory)));
  }

  /** A coordinator elsewhere is sent everything. */
  async #openMemory({ config }: Run): Promise<SharedMemory | undefined> {
    const { identity, openMemory, log } = this.#surroundings;
    if (!openMemory || !config.fleet.sharedMemory || identity.host !== this.#coordinatorHost)
      return undefined;
    try {
      return await openMemory();
    } catch (error) {
      const reason = (error as Error).message;
      log.warn({ reason }, `sums and roots go through sockets, also on this host: ${reason}`);
      return undefined;
    }
  }

  #onPrepared(
    { runId, config }: Run,
    { facts, device, batches, checkpoints }: Prepared,
    memory: SharedMemory | undefined,
  ): void {
    const key = runKey(runId);
    const { bucketBytes, wireDtype } = config.fleet;
    const buckets = bucketsOf(facts.layout.size, bucketBytes);
    const sharing = memory && this.#share(memory, facts.layout.size * DTYPE_BYTES[Dtype[wireDtype]]);
    this.#link.runKey = key;
    this.#link.sharing = sharing;
    this.#hands = {
      work: new DeviceWork(device, batches, config.batch, (news) => this.take(news)),
      exchange: new Exchange(this.#link, key, buckets, wireDtype, sharing),
      checkpoints,
    };
    this.take({ type: 'prepared', facts });
  }

  #share(memory: SharedMemory, sumBytes: number): Sharing {
    const say = (message: SegmentMessage): void => this.#link.send(message);
    return new Sharing({ memory, sumBytes, say, log: this.#surroundings.log });
  }

  async #readCheckpoint(
    { source }: WorkerEffectOf<'readCheckpoint'>,
    checkpoints: Checkpoints,
  ): Promise<void> {
    this.take({ type: 'checkpointRead', source, state: await checkpoints.read(source) });
  }

  async #writeShare(
    { question, state }: WorkerEffectOf<'writeShare'>,
    checkpoints: Checkpoints,
  ): Promise<void> {
    const { transfer, globalStep } = question;
    const written = await checkpoints.writeShare(question, state);
    this.#link.send({ type: 'CHECKPOINT_WRITTEN', transfer, globalStep, written });
  }

  #awaited(work: Promise<void>): void {
    work.catch((error: unknown) => this.take({ type: 'failed', error }));
  }
}
