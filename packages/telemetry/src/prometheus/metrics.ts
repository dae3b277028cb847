import { learningRate, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RunEvent, StepEvent, TimesEvent } from '../events.js';
import { addParts, goodput, PART_NAMES } from '../parts.js';

const PREFIX = 'ddpm_fleet_';
/** From the smallest runs to the largest networks. */
const STEP_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * A run in numbers, by the conventions of Prometheus. What is counted is counted from the beginning of the run, so that
 * no counter goes back when a coordinator is started again.
 */
export class RunMetrics {
  readonly registry = new Registry();
  readonly #config: RunConfig;
  readonly #record: RunRecord;
  readonly #active = new Set<string>();
  readonly #committed = this.#counter('steps_committed_total', 'Steps committed, those that came again too');
  readonly #images = this.#counter('images_total', 'Images trained on, those that came again too');
  readonly #nonFinite = this.#counter('nonfinite_steps_total', 'Steps left out for a loss or gradient');
  readonly #stepSeconds = new Histogram({
    name: `${PREFIX}step_duration_seconds`,
    help: 'From the leases of a step to its commit',
    buckets: STEP_SECONDS,
    registers: [this.registry],
  });
  readonly #globalStep = this.#gauge('global_step', 'Steps that the state has taken');
  readonly #targetStep = this.#gauge('target_steps', 'Steps that the run is to take');
  readonly #lastCommit = this.#gauge('last_commit_timestamp_seconds', 'When the newest step was committed');
  readonly #loss = this.#gauge('loss', 'Of the newest step, mean over its images');
  readonly #gradNorm = this.#gauge('gradient_norm', 'Of the newest mean gradient, before clipping');
  readonly #learningRate = this.#gauge('learning_rate', 'Of the newest step');
  readonly #lossByT = this.#gauge('loss_by_t', 'Of the newest step, by tenth of the timesteps', 't_tenth');
  readonly #heldOut = this.#gauge('held_out_loss', 'Of the held-out images, by weights', 'weights');
  readonly #workers = this.#gauge('workers', 'Workers that can be leased slots');
  readonly #joins = this.#counter('worker_joins_total', 'Workers that joined');
  readonly #losses = this.#counter('worker_losses_total', 'Workers that left, for whatever reason');
  readonly #rewinds = this.#counter('rewinds_total', 'Times that the run went back');
  readonly #rewound = this.#counter('rewound_steps_total', 'Steps that were lost by going back');
  readonly #lives = this.#counter('coordinator_starts_total', 'Lives of the coordinator');
  readonly #saves = this.#counter('checkpoints_total', 'Checkpoints published');
  readonly #saveFailures = this.#counter(
    'checkpoint_failures_total',
    'Checkpoints that could not be written',
  );
  readonly #lastSave = this.#gauge('last_checkpoint_timestamp_seconds', 'When the newest checkpoint was');
  readonly #damaged = this.#counter('damaged_replicas_total', 'Replicas that differed from the others');
  readonly #seconds = this.#counter(
    'worker_seconds_total',
    'Time of all workers, by what it went to',
    'part',
  );
  readonly #goodput = this.#gauge('goodput_ratio', 'Share of that time that brought the run on');
  readonly #diskFree = this.#gauge('disk_free_bytes', 'Free where the run is kept');
  #spent: Partial<Record<string, number>> = {};

  constructor(config: RunConfig, record: RunRecord) {
    this.#config = config;
    this.#record = record;
    this.#targetStep.set(config.train.steps);
    const info = this.#gauge('run_info', 'Which run this is', 'name', 'run_id');
    info.set({ name: config.name, run_id: record.runId }, 1);
    for (const part of PART_NAMES) this.#seconds.inc({ part }, 0);
  }

  noteDisk(freeBytes: number): void {
    this.#diskFree.set(freeBytes);
  }

  take(event: RunEvent): void {
    const seconds = Date.parse(event.at) / 1000;
    switch (event.kind) {
      case 'step':
        return this.#onStep(event, seconds);
      case 'times':
        return this.#onTimes(event);
      case 'heldOut':
        return this.#heldOut.set({ weights: String(event.weights) }, event.loss ?? NaN);
      case 'checkpoint':
        this.#saves.inc();
        return this.#lastSave.set(seconds);
      case 'checkpointFailed':
        return this.#saveFailures.inc();
      case 'fingerprint':
        return this.#damaged.inc(event.differing.length);
      default:
        return this.#onMembership(event);
    }
  }

  #onMembership(event: RunEvent): void {
    if (event.kind === 'start') {
      this.#lives.inc();
      this.#active.clear();
      this.#globalStep.set(event.globalStep);
    } else if (event.kind === 'joined') {
      this.#joins.inc();
      this.#active.add(event.worker);
    } else if (event.kind === 'left') {
      this.#losses.inc();
      this.#active.delete(event.worker);
    } else if (event.kind === 'rewind') {
      this.#rewinds.inc();
      this.#rewound.inc(Math.max(0, event.from - event.globalStep));
      this.#globalStep.set(event.globalStep);
    } else if (event.kind === 'end') this.#active.clear();
    this.#workers.set(this.#active.size);
  }

  #onStep(event: StepEvent, seconds: number): void {
    const { globalStep, loss, gradNorm, ms, bins } = event;
    const { batch, optimizer } = this.#config;
    const globalBatchSize = batch.numSlots * batch.slotBatchSize;
    const epochs = { globalBatchSize, datasetSize: this.#record.datasetSize };
    this.#committed.inc();
    this.#images.inc(globalBatchSize);
    if (event.skipped !== undefined) this.#nonFinite.inc();
    this.#stepSeconds.observe(ms / 1000);
    this.#globalStep.set(globalStep + 1);
    this.#lastCommit.set(seconds);
    this.#loss.set(loss ?? NaN);
    this.#gradNorm.set(gradNorm ?? NaN);
    this.#learningRate.set(learningRate(optimizer, globalStep, epochs));
    for (const [i, [count, sum]] of bins.entries())
      if (count > 0) this.#lossByT.set({ t_tenth: String(i) }, (sum ?? NaN) / count);
  }

  #onTimes({ workers }: TimesEvent): void {
    const parts = addParts(Object.values(workers));
    this.#goodput.set(goodput(parts));
    for (const part of PART_NAMES) {
      const now = parts[part] ?? 0;
      this.#seconds.inc({ part }, Math.max(0, now - (this.#spent[part] ?? 0)));
    }
    this.#spent = parts;
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }
}
