import { checkpointDigest, gradientDigest } from '@ddpm-fleet/checkpoint';
import type { RunConfig } from '@ddpm-fleet/config';
import { drawInt, drawNormal, drawUniform, imageAddress, Purpose } from '@ddpm-fleet/core';
import type { Engine } from '@ddpm-fleet/engine';
import { Trainer } from '../../src/index.js';
import { test, useEngine } from './suite.js';
import { applyStep, step } from './step.js';
import { IMAGE, imagesAt, tinyConfig, type EngineName } from './tiny.js';

/** What holds for a trainer on every engine. */
export function trainerSuite(name: EngineName): void {
  useEngine(name);

  test.serial(
    'trap 22: any split of the slots, even or not, gives the same root, digest and next state',
    async (t) => {
      const config = tinyConfig();
      const trainer = await ready(t.context.engine, config);
      const roots = [[6], [1, 6], [2, 4, 6], [3, 6], [1, 2, 3, 4, 5, 6]].map((ends) =>
        step(trainer, config, 0, ends),
      );
      const digests = roots.map(({ root }) => gradientDigest(root, trainer.layout, 1 << 12));
      t.is(new Set(digests).size, 1);
      const states = roots.map(({ root, t: ts, loss }) => {
        trainer.loadState(trainer.initialState());
        trainer.apply(root, { t: ts, loss });
        return checkpointDigest(trainer.readState(), trainer.layout);
      });
      t.is(new Set(states).size, 1);
    },
  );

  test.serial(
    'bfloat16 on the wire: any split gives the same root, and every node is a bfloat16',
    async (t) => {
      const config = tinyConfig('fleet.wireDtype=bfloat16');
      const trainer = await ready(t.context.engine, config);
      const [whole, halves] = [step(trainer, config, 0, [6]), step(trainer, config, 0, [1, 3, 6])];
      t.deepEqual(halves.root, whole.root);
      const bits = new Int32Array(whole.root.buffer, whole.root.byteOffset, whole.root.length);
      t.true(bits.every((word) => (word & 0xffff) === 0));
      const exact = await ready(t.context.engine, tinyConfig());
      const difference = relativeDistance(whole.root, step(exact, tinyConfig(), 0, [6]).root);
      t.true(difference > 1e-5 && difference < 1e-2, `${difference}`);
    },
  );

  test.serial('a state that was read and loaded elsewhere trains on as if nothing had been', async (t) => {
    const config = tinyConfig();
    const first = await ready(t.context.engine, config);
    const second = await Trainer.create(t.context.engine, config, IMAGE);
    second.warmUp();
    for (let k = 0; k < 2; k++) applyStep(first, config, k);
    second.loadState(first.readState());
    t.is(second.fingerprint(), first.fingerprint());
    for (let k = 2; k < 4; k++) {
      applyStep(first, config, k);
      applyStep(second, config, k);
    }
    t.is(digestOf(second), digestOf(first));
    t.is(first.globalStep, 4);
    t.is(second.fingerprint(), first.fingerprint());
  });

  test.serial('what an image draws does not depend on how the batch is cut', async (t) => {
    const draws = async (numSlots: number): Promise<unknown> => {
      const config = tinyConfig(`batch.numSlots=${numSlots}`, `batch.slotBatchSize=${8 / numSlots}`);
      const trainer = await ready(t.context.engine, config);
      trainer.beginRun();
      const slots = Array.from({ length: numSlots }, (_, slot) => {
        const position = (slot * 8) / numSlots;
        const images = imagesAt(position, 8 / numSlots);
        return trainer.replaySlot({ slot, runStart: 0, position: BigInt(position), images, globalStep: 0 });
      });
      return (['t', 'noise', 'xStart', 'xT'] as const).map((key) => slots.flatMap((slot) => [...slot[key]]));
    };
    t.deepEqual(await draws(2), await draws(1));
    t.deepEqual(await draws(4), await draws(1));
  });

  test.serial('draws are those of the addressed streams; x_t follows from them', async (t) => {
    const config = tinyConfig();
    const trainer = await ready(t.context.engine, config);
    const position = 2n ** 40n + 5n;
    const images = imagesAt(0, 2);
    trainer.beginRun();
    const slot = trainer.replaySlot({ slot: 0, runStart: 0, position, images, globalStep: 0 });
    t.deepEqual(slot.t, drawInt(imageAddress(0, Purpose.t, position, 1), 2, 1, 50));
    const noise = drawNormal(imageAddress(0, Purpose.noise, position, 192), 2, 192);
    t.true(relativeDistance(slot.noise, noise) < 1e-5);
    const coins = drawUniform(imageAddress(0, Purpose.flip, position, 1), 2, 1);
    for (let i = 0; i < slot.xStart.length; i++) {
      const [image, row, column, channel] = [
        Math.floor(i / 192),
        Math.floor(i / 24) % 8,
        Math.floor(i / 3) % 8,
        i % 3,
      ];
      const source = image * 192 + row * 24 + (coins[image]! < 0.5 ? 7 - column : column) * 3 + channel;
      if (Math.abs(slot.xStart[i]! - (images[source]! / 127.5 - 1)) > 1e-6) return t.fail(`pixel ${i}`);
    }
    const alphasCumprod = (step: number): number => {
      let product = 1;
      for (let k = 0; k <= step; k++) product *= 1 - (1e-4 + ((0.02 - 1e-4) * k) / 49);
      return product;
    };
    slot.xT.forEach((value, i) => {
      const bar = alphasCumprod(slot.t[Math.floor(i / 192)]!);
      const expected = Math.sqrt(bar) * slot.xStart[i]! + Math.sqrt(1 - bar) * slot.noise[i]!;
      if (Math.abs(value - expected) > 1e-5) t.fail(`x_t ${i}: ${value} ${expected}`);
    });
  });

  test.serial('loss falls on 8 images, of raw weights and of the average', async (t) => {
    const config = tinyConfig(
      'batch.numSlots=1',
      'batch.slotBatchSize=8',
      'model.dropout=0',
      'data.flip=false',
    );
    const trainer = await ready(t.context.engine, config);
    const images = imagesAt(0, 8);
    const before = trainer.heldOutLoss(images, 'raw');
    t.true(Math.abs(before - 1) < 0.2, `an untrained network predicts 0: ${before}`);
    t.is(trainer.heldOutLoss(images, { decay: 0.5 }), before);
    for (let k = 0; k < (name === 'compiled' ? 300 : 60); k++) applyStep(trainer, config, k);
    const after = trainer.heldOutLoss(images, 'raw');
    t.true(after < (name === 'compiled' ? 0.45 : 0.9) * before, `${before} -> ${after}`);
    t.true(trainer.heldOutLoss(images, { decay: 0.5 }) < before);
    t.not(trainer.heldOutLoss(images, { decay: 0.5 }), after);
    t.is(trainer.heldOutLoss(images, 'raw'), after, 'the same images, t and noise each time');
  });

  test.serial('no tensor is left behind by steps', async (t) => {
    const config = tinyConfig('batch.numSlots=3', 'batch.slotBatchSize=1');
    const trainer = await ready(t.context.engine, config);
    const images = imagesAt(0, 3);
    const once = (k: number): void => {
      applyStep(trainer, config, k);
      trainer.heldOutLoss(images, { decay: 0.99 });
      trainer.readState();
    };
    once(0);
    const { numTensors } = t.context.engine.memory();
    for (let k = 1; k < (name === 'compiled' ? 300 : 20); k++) once(k);
    t.is(t.context.engine.memory().numTensors, numTensors);
  });

  test.serial('a gradient that is not finite is named, and never applied', async (t) => {
    const config = tinyConfig();
    const trainer = await ready(t.context.engine, config);
    const state = trainer.initialState();
    state.params[trainer.layout.entries.find(({ name: entry }) => entry === 'conv_out/W')!.offset] = NaN;
    trainer.loadState(state);
    const before = trainer.fingerprint();
    const { root, slots, t: ts, loss } = step(trainer, config, 0, [6]);
    t.like(slots[3]!.nonFinite, { slot: 3, what: 'loss', positions: [6n, 7n], t: [...slots[3]!.t] });
    t.throws(() => trainer.apply(root, { t: ts, loss }), { code: 'DDPM_ERR_NON_FINITE' });
    t.is(trainer.fingerprint(), before);
    trainer.skip();
    t.is(trainer.globalStep, 1);
    t.deepEqual(trainer.readState().optimizer, state.optimizer);
  });
}

const trainers = new WeakMap<Engine, Map<string, Trainer>>();

/** A trainer in the state of step 0; one a config and engine, because the first call of a compiled one takes seconds. */
export async function ready(engine: Engine, config: RunConfig): Promise<Trainer> {
  const known = trainers.get(engine) ?? new Map<string, Trainer>();
  trainers.set(engine, known);
  const key = JSON.stringify(config);
  const trainer = known.get(key) ?? (await Trainer.create(engine, config, IMAGE));
  known.set(key, trainer);
  trainer.loadState(trainer.initialState());
  return trainer;
}

export function digestOf(trainer: Trainer): string {
  return checkpointDigest(trainer.readState(), trainer.layout);
}

/** |a - b| / |b| */
export function relativeDistance(a: Float32Array, b: Float32Array): number {
  let [difference, norm] = [0, 0];
  b.forEach((value, i) => {
    difference += (a[i]! - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}
