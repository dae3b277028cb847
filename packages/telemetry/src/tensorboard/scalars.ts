import { learningRate, type RunConfig, type RunRecord } from '@ddpm-fleet/config';
import type { RunEvent, StepEvent } from '../events.js';
import { addParts, goodput, PART_NAMES, sumOfParts } from '../parts.js';
import { bars, scalar, type Value } from './eventProto.js';

/** Values that belong to a step, as TensorBoard shows them. */
export interface StepValues {
  readonly globalStep: number;
  readonly values: readonly Value[];
}

/** Turns events into values under tags. */
export class Scalars {
  readonly #config: RunConfig;
  readonly #record: RunRecord;
  /** Images and losses by tenth of t since they were last shown. */
  #bins: [count: number, sum: number][] = [];
  #since: { readonly ms: number; readonly globalStep: number } | undefined;

  constructor(config: RunConfig, record: RunRecord) {
    this.#config = config;
    this.#record = record;
  }

  of(event: RunEvent): StepValues | undefined {
    switch (event.kind) {
      case 'step':
        return { globalStep: event.globalStep, values: this.#ofStep(event) };
      case 'rewind':
      case 'start':
        this.#bins = [];
        this.#since = undefined;
        return undefined;
      case 'heldOut':
        if (event.loss === null) return undefined;
        return { globalStep: event.globalStep, values: [scalar(heldOutTag(event.weights), event.loss)] };
      case 'times':
        return { globalStep: event.globalStep, values: ofTimes(Object.values(event.workers)) };
      default:
        return undefined;
    }
  }

  #ofStep(event: StepEvent): Value[] {
    const { batch, optimizer, log } = this.#config;
    const { globalStep, loss, gradNorm, slots, bins } = event;
    const globalBatchSize = batch.numSlots * batch.slotBatchSize;
    const epochs = { globalBatchSize, datasetSize: this.#record.datasetSize };
    for (const [i, [count, sum]] of bins.entries()) {
      const bin = (this.#bins[i] ??= [0, 0]);
      bin[0] += count;
      bin[1] += sum;
    }
    const values = [
      ...finite('loss', loss),
      ...finite('grad_norm', gradNorm),
      scalar('learning_rate', learningRate(optimizer, globalStep, epochs)),
      scalar('workers', new Set(slots.map(([, , worker]) => worker)).size),
    ];
    return globalStep % log.everySteps === 0 ? [...values, ...this.#ofSteps(event, globalBatchSize)] : values;
  }

  /** What is shown of several steps together. */
  #ofSteps({ at, globalStep }: StepEvent, globalBatchSize: number): Value[] {
    const now = { ms: Date.parse(at), globalStep };
    const { diffusion } = this.#config;
    const since = this.#since;
    const means = this.#bins.map(([count, sum]) => (count > 0 && Number.isFinite(sum) ? sum / count : 0));
    const edges = [...means, 0].map((_, i) => (i * diffusion.numTimesteps) / means.length);
    this.#bins = [];
    this.#since = now;
    const values = means.length > 0 ? [bars('loss_by_t', edges, means)] : [];
    if (!since || now.ms <= since.ms) return values;
    const images = (globalStep - since.globalStep) * globalBatchSize;
    return [...values, scalar('images_per_second', (1000 * images) / (now.ms - since.ms))];
  }
}

function heldOutTag(weights: 'raw' | number): string {
  return weights === 'raw' ? 'held_out_loss' : `held_out_loss/ema_${weights}`;
}

/** NaN and infinity are null in a journal, which is JSON. */
function finite(tag: string, value: number | null): Value[] {
  return value === null ? [] : [scalar(tag, value)];
}

function ofTimes(workers: Parameters<typeof addParts>[0]): Value[] {
  const parts = addParts(workers);
  const all = sumOfParts(parts);
  if (all === 0) return [];
  return [
    scalar('goodput', goodput(parts)),
    ...PART_NAMES.map((part) => scalar(`time/${part}`, (parts[part] ?? 0) / all)),
  ];
}
