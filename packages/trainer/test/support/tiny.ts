import { loadConfig, type RunConfig } from '@ddpm-fleet/config';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { Trainer, type ImageSpec, type SlotResult } from '../../src/index.js';

export const IMAGE: ImageSpec = { size: 8, channels: 3 };

/** A run of seconds: the smallest UNet that has every kind of block, 6 slots of 2 images, dropout and flips on. */
export function tinyConfig(...set: string[]): RunConfig {
  const tiny = [
    'model.ch=8',
    'model.chMult=[1,2]',
    'model.numGroups=4',
    'model.numResBlocks=1',
    'model.attnResolutions=[4]',
    'model.dropout=0.1',
    'batch.numSlots=6',
    'batch.slotBatchSize=2',
    'optimizer.warmupSteps=0',
    'optimizer.lr=0.002',
    'diffusion.numTimesteps=50',
    'ema.decays=[0.99,0.5]',
    'ema.power=[0.1,0.05]',
  ];
  return loadConfig({ set: [...tiny, ...set], env: {} });
}

export type EngineName = 'compiled' | 'eager';

export function openTestEngine(name: EngineName): Promise<Engine> {
  return openEngine({ kind: 'tensorflow', compiled: name === 'compiled', precision: 'float32', threads: 1 });
}

/** `count` images from stream position `first` on: smooth ramps, each its own. */
export function imagesAt(first: number, count: number, { size, channels } = IMAGE): Uint8Array {
  const each = size * size * channels;
  return Uint8Array.from({ length: count * each }, (_, i) => {
    const [image, pixel] = [first + Math.floor(i / each), i % each];
    return 128 + 100 * Math.sin(0.05 * pixel * (1 + (image % 4)) + image);
  });
}

export interface StepResult {
  readonly root: Float32Array;
  readonly t: Int32Array;
  readonly loss: Float32Array;
  readonly slots: readonly SlotResult[];
}

/** The slots [start, end) of a step as one run: partial sums, and what each slot gave. */
export function runSlots(
  trainer: Trainer,
  config: RunConfig,
  globalStep: number,
  start: number,
  end: number,
) {
  const { numSlots, slotBatchSize } = config.batch;
  const slots: SlotResult[] = [];
  trainer.beginRun();
  for (let slot = start; slot < end; slot++) {
    const position = (globalStep * numSlots + slot) * slotBatchSize;
    slots.push(
      trainer.runSlot({
        slot,
        runStart: start,
        position: BigInt(position),
        images: imagesAt(position % 8, slotBatchSize),
        globalStep,
        ...(config.model.numClasses > 0 && {
          labels: labelsAt(position, slotBatchSize, config.model.numClasses),
        }),
      }),
    );
  }
  return { slots, partials: trainer.takePartials() };
}

function labelsAt(position: number, count: number, numClasses: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => (position + i) % numClasses);
}

export function concatInt32(parts: readonly Int32Array[]): Int32Array {
  return Int32Array.from(parts.flatMap((part) => [...part]));
}

export function concatFloat32(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
