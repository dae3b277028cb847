import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-core';
import { loadConfig } from '@ddpm-fleet/config';
import { openEngine, type Engine } from '@ddpm-fleet/engine';
import { Trainer } from '@ddpm-fleet/trainer';
import { print } from '../output.js';
import { plainStep, type PlainUNet } from './plainTfjs.js';

export interface StepChildRequest {
  /** `plain`: the step as one writes it with tfjs alone */
  readonly contender: 'compiled' | 'eager' | 'plain';
  readonly threads: number;
  readonly channels: number;
  readonly batch: number;
  readonly size: number;
  readonly imageChannels: number;
  readonly precision: 'float32' | 'bfloat16';
}

/** The UNet of Ho et al. for CIFAR-10 at another width. */
export function benchSettings({
  channels,
  batch,
  size,
  imageChannels,
}: Pick<StepChildRequest, 'channels' | 'batch' | 'size' | 'imageChannels'>): string[] {
  return [
    ...[
      `model.ch=${channels}`,
      `model.chMult=${JSON.stringify(multipliers(size))}`,
      `model.attnResolutions=[${size / 2}]`,
    ],
    ...[
      'batch.numSlots=1',
      `batch.slotBatchSize=${batch}`,
      `data.size=${size}`,
      `data.channels=${imageChannels}`,
    ],
  ];
}

/** 28 pixels can be halved twice only. */
function multipliers(size: number): number[] {
  return size % 8 === 0 ? [1, 2, 2, 2] : [1, 2, 2];
}

function plainUNet({ channels, size, batch, imageChannels }: StepChildRequest): PlainUNet {
  return { channels, chMult: multipliers(size), size, batch, imageChannels };
}

/**
 * One of the processes that `bench step` compares: does steps when it is told to, and says how long each took.
 * Reads `step N` and `gemm` from stdin, answers each with a line of JSON.
 */
export async function runStepChild(request: StepChildRequest): Promise<void> {
  const { contender, threads, precision } = request;
  const compiled = contender === 'compiled';
  const engine = await openEngine({ kind: 'tensorflow', compiled, precision, threads });
  const step = contender === 'plain' ? plainStep(plainUNet(request)) : await prepareStep(engine, request);
  step();
  step();
  print(JSON.stringify({ ready: engine.description }));
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, count] = line.split(' ');
    if (what === 'step') print(JSON.stringify(Array.from({ length: Number(count) }, () => seconds(step))));
    else if (what === 'gemm') print(JSON.stringify(await gemmFlops(engine)));
    else break;
  }
  process.exit(0);
}

async function prepareStep(engine: Engine, request: StepChildRequest): Promise<() => void> {
  const config = loadConfig({ env: {}, set: benchSettings(request) });
  const { size, batch, imageChannels: channels } = request;
  const trainer = await Trainer.create(engine, config, { size, channels });
  trainer.loadState(trainer.initialState());
  const images = Uint8Array.from({ length: batch * size * size * channels }, (_, i) => (i * 37) % 256);
  let globalStep = 0;
  return () => {
    trainer.beginRun();
    const position = BigInt(globalStep * batch);
    const perImage = trainer.runSlot({ slot: 0, runStart: 0, position, images, globalStep });
    trainer.apply(trainer.takePartials()[0]!, perImage);
    globalStep++;
  };
}

function seconds(work: () => void): number {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}

const GEMM_SIZE = 1024;
const GEMM_ROUNDS = 8;

/** What the machine multiplies a second: the best of several products of two square float32 matrices. */
async function gemmFlops(engine: Engine): Promise<number> {
  const shape = [GEMM_SIZE, GEMM_SIZE];
  const module = await engine.load({
    name: 'gemm',
    variables: { a: { shape }, b: { shape } },
    programs: {
      multiply: {
        inputs: {},
        body: (context) => ({
          assign: { b: tf.matMul(context.read('a') as tf.Tensor2D, context.read('b') as tf.Tensor2D) },
        }),
      },
    },
  });
  module.writeVariable('a', new Float32Array(GEMM_SIZE ** 2).fill(1 / GEMM_SIZE));
  module.writeVariable('b', new Float32Array(GEMM_SIZE ** 2).fill(1));
  const best = Math.min(...Array.from({ length: GEMM_ROUNDS }, () => seconds(() => module.run('multiply'))));
  module.dispose();
  return (2 * GEMM_SIZE ** 3) / best;
}
