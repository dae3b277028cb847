import { makeLayout } from '@ddpm-fleet/core';
import { Dtype, DTYPE_BYTES, runKey, type ControlMessage, type DataFrame } from '@ddpm-fleet/protocol';
import type { Effect, EffectOf, RunOutcome, StepMetrics } from '../machine/index.js';
import type { CoordinatorOptions } from '../options.js';
import { CostMeter } from './costs.js';
import type { Emit } from './emit.js';
import { JournalFeed } from './journalFeed.js';
import { openJournal } from './openJournal.js';
import type { RecoveredJournal } from './recover.js';
import { Saves } from './saves.js';
import { savesOptions } from './savesOptions.js';
import { Sums, type SumsOptions } from './sums.js';
import type { Surroundings } from './surroundings.js';
import { Wire } from './wire.js';

/** Connections heard at a time: those of a worker that died linger, and a restarted one is another. */
const PEERS_A_WORKER = 4;
const SPARE_PEERS = 64;

export interface Listeners {
  onMetrics(metrics: StepMetrics): void;
  onFinished(outcome: RunOutcome): void;
}

/** Does what the machine decides, with sockets, threads and files. */
export class Performer {
  readonly wire: Wire;
  readonly costs = new CostMeter();
  readonly #options: CoordinatorOptions;
  readonly #surroundings: Surroundings;
  readonly #sums: Sums;
  readonly #feed: JournalFeed;
  readonly #saves: Saves;
  readonly #listeners: Listeners;

  constructor(
    options: CoordinatorOptions,
    surroundings: Surroundings,
    recovery: RecoveredJournal,
    emit: Emit,
    listeners: Listeners,
  ) {
    const { record, log, config } = options;
    const run = runKey(record.runId);
    this.#options = options;
    this.#surroundings = surroundings;
    this.#listeners = listeners;
    const maxPeers = PEERS_A_WORKER * config.fleet.maxWorkers + SPARE_PEERS;
    this.wire = new Wire(run, emit, log, surroundings.clock, maxPeers);
    const sums = {
      ...sumsOptions(options, run),
      ...(surroundings.memory && { memory: surroundings.memory }),
    };
    this.#sums = new Sums(sums, this.wire, emit, this.costs, surroundings.makeReducer);
    const journal = openJournal(options, surroundings, recovery);
    this.#feed = new JournalFeed(journal, recovery, this.wire, emit, this.costs, options.seal);
    const mayPublish = async (): Promise<void> => {
      await journal.durable();
      options.claim?.check();
    };
    const saves = { ...savesOptions(options, run), mayPublish, journalHead: () => journal.head };
    this.#saves = new Saves(saves, surroundings, this.wire, emit, log);
  }

  /** @param frame of the event whose effect it is, where that is one */
  perform(effect: Effect, frame?: DataFrame): void {
    switch (effect.type) {
      case 'send':
        return this.wire.send(effect.to, effect.message);
      case 'introduce':
        return this.#introduce(effect);
      case 'beginRound':
        return this.#sums.begin(effect);
      case 'reduce':
        return this.#sums.reduce(effect, frame!);
      case 'sendRoot':
        return this.#sums.send(effect);
      case 'commit':
        return this.#feed.commit(effect);
      case 'journal':
        return this.#feed.append(effect);
      case 'adopt':
        return this.#feed.adopt(effect);
      case 'forget':
        return this.wire.forget(effect.peer);
      default:
        return this.#performRest(effect, frame);
    }
  }

  #performRest(
    effect: EffectOf<
      | 'findCheckpoint'
      | 'expectState'
      | 'dropState'
      | 'forwardState'
      | 'streamCheckpoint'
      | 'openShares'
      | 'publishShares'
      | 'dropShares'
      | 'log'
      | 'observe'
      | 'observeHeldOut'
      | 'finished'
    >,
    frame?: DataFrame,
  ): void {
    switch (effect.type) {
      case 'findCheckpoint':
        return void this.#saves.find(effect);
      case 'expectState':
        return this.#saves.expect(effect);
      case 'dropState':
        return this.#saves.drop(effect);
      case 'forwardState':
        return this.#saves.forward(effect, frame!);
      case 'streamCheckpoint':
        return void this.#saves.stream(effect);
      case 'openShares':
        return this.#saves.shares.open(effect);
      case 'publishShares':
        return void this.#saves.shares.publish(effect);
      case 'dropShares':
        return void this.#saves.shares.drop(effect);
      case 'log':
        return this.#options.log[effect.level](effect.fields ?? {}, effect.text);
      case 'observe':
        return this.#listeners.onMetrics(effect.metrics);
      case 'observeHeldOut':
        return this.#options.log.info({ globalStep: effect.globalStep, loss: effect.loss }, 'held-out loss');
      case 'finished':
        return this.#listeners.onFinished(effect.outcome);
    }
  }

  /** The names of the parameters come with the first worker; the machine checks that it is the right one. */
  learnLayout(message: ControlMessage): void {
    const { layoutHash } = this.#options.record;
    if (message.type !== 'HELLO' || this.#saves.layout || message.layoutHash !== layoutHash) return;
    try {
      const layout = makeLayout(message.layout);
      if (layout.hash === layoutHash) this.#saves.layout = layout;
    } catch {
      // It is none, whatever its hash says: another worker's will do.
    }
  }

  async close(): Promise<void> {
    await this.wire.close();
    await Promise.all([this.#sums.close(), this.#saves.close()]);
    await this.#feed.close();
  }

  #introduce({ to }: EffectOf<'introduce'>): void {
    const { config, record, runDir } = this.#options;
    const { runId, identityHash } = record;
    this.wire.send([to], {
      type: 'RUN',
      runId,
      identityHash,
      config,
      runDir,
      host: this.#surroundings.host,
    });
  }
}

function sumsOptions({ config, record, log }: CoordinatorOptions, run: bigint): SumsOptions {
  const { batch, fleet, diffusion } = config;
  const { numSlots, slotBatchSize } = batch;
  const { wireDtype, digestEvery, bucketBytes } = fleet;
  const buckets = Math.ceil((record.parameterCount * 4) / bucketBytes);
  const elementBytes = DTYPE_BYTES[Dtype[wireDtype]];
  return {
    run,
    log,
    bucketBytes: (bucketBytes / 4) * elementBytes,
    sumBytes: record.parameterCount * elementBytes,
    numSlots,
    slotBatchSize,
    wireDtype,
    digestEvery,
    buckets,
    numTimesteps: diffusion.numTimesteps,
  };
}
