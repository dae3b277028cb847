import { drawInt, imageAddress, Purpose } from '@ddpm-fleet/core';
import test from 'ava';
import {
  drawTimesteps,
  emptyLossHistory,
  stratumOf,
  timestepProbabilities,
  updateLossHistory,
  type DrawTimestepsArgs,
  type LossHistory,
} from '../../src/index.js';

const T = 1000;
const G = 48;

/** t = 0 has loss 5, the others 1. */
function history(): LossHistory {
  const ts = Array.from({ length: 10 * T }, (_, i) => i % T);
  return updateLossHistory(
    emptyLossHistory(T),
    ts,
    ts.map((t) => (t === 0 ? 5 : 1)),
  );
}

const common = { numTimesteps: T, seed: 0, globalBatchSize: G, history: history() };
const samplers = ['uniform', 'stratified', 'lossSecondMoment'] as const;

for (const sampler of samplers) {
  test(`${sampler}: the same t however the batch is cut`, (t) => {
    const args: DrawTimestepsArgs = { ...common, sampler, position: 7n * BigInt(G), count: G };
    const whole = drawTimesteps(args);
    for (const size of [1, 5, 16, 24]) {
      const parts = Array.from({ length: Math.ceil(G / size) }, (_, i) =>
        drawTimesteps({
          ...args,
          position: args.position + BigInt(i * size),
          count: Math.min(size, G - i * size),
        }),
      );
      t.deepEqual(
        parts.flatMap((part) => [...part.t]),
        [...whole.t],
        `slots of ${size}`,
      );
      t.deepEqual(
        parts.flatMap((part) => [...(part.weights ?? [])]),
        [...(whole.weights ?? [])],
      );
    }
  });

  test(`${sampler}: every t occurs, one an image`, (t) => {
    const { t: ts } = drawTimesteps({ ...common, sampler, position: 0n, count: 40_000 });
    t.deepEqual([Math.min(...ts), Math.max(...ts)], [0, T - 1]);
    t.is(ts.length, 40_000);
    if (sampler !== 'lossSecondMoment') {
      const mean = ts.reduce((a, b) => a + b) / ts.length;
      t.true(Math.abs(mean - 499.5) < 6, `${mean}`);
    }
  });
}

test('uniform t are those that a program draws', (t) => {
  const position = 2n ** 40n + 3n;
  const { t: ts, weights } = drawTimesteps({ ...common, sampler: 'uniform', position, count: 9 });
  t.deepEqual(ts, drawInt(imageAddress(0, Purpose.t, position, 1), 9, 1, T));
  t.is(weights, undefined);
});

test('stratified: a step takes each stratum once', (t) => {
  for (const globalBatchSize of [1, 2, 6, 48, 100, 1000]) {
    for (const step of [0n, 1n, 17n]) {
      const position = step * BigInt(globalBatchSize);
      const { t: ts } = drawTimesteps({
        ...common,
        sampler: 'stratified',
        globalBatchSize,
        position,
        count: globalBatchSize,
      });
      const strata = [...ts].map((at) => (at * globalBatchSize) / T).sort((a, b) => a - b);
      // A t may lie a rounding below the start of its stratum.
      strata.forEach((at, i) =>
        t.true(at > i - globalBatchSize / T && at < i + 1, `${globalBatchSize} ${at} ${i}`),
      );
    }
  }
});

test('stratified: a slot sees its share of [0, T)', (t) => {
  const { t: ts } = drawTimesteps({ ...common, sampler: 'stratified', position: BigInt(3 * G), count: G });
  for (let slot = 0; slot < G / 8; slot++) {
    const own = [...ts.subarray(8 * slot, 8 * slot + 8)].sort((a, b) => a - b);
    const gaps = own.map((at, i) => (i === 0 ? at + T - own[7]! : at - own[i - 1]!));
    t.true(Math.max(...gaps) < (2.5 * T) / 8, `slot ${slot}: ${own.join(' ')}`);
  }
});

test('stratified: an image of the batch is not tied to a stratum', (t) => {
  const first = Array.from({ length: 400 }, (_, step) => {
    return drawTimesteps({ ...common, sampler: 'stratified', position: BigInt(step * G), count: 1 }).t[0]!;
  });
  const mean = first.reduce((a, b) => a + b) / first.length;
  t.true(Math.abs(mean - 499.5) < 60, `${mean}`);
  t.true(new Set(first.map((at) => Math.floor((at * 10) / T))).size === 10);
});

test('strata are a permutation for every rotation', (t) => {
  for (const size of [1, 2, 3, 4, 12, 30, 64, 97]) {
    for (const rotation of [0, 1, size - 1]) {
      t.is(new Set(Array.from({ length: size }, (_, b) => stratumOf(b, size, rotation))).size, size);
    }
  }
});

test('lossSecondMoment: t in proportion to the history, weights that undo it', (t) => {
  const count = 60_000;
  const { t: ts, weights } = drawTimesteps({ ...common, sampler: 'lossSecondMoment', position: 0n, count });
  const p = timestepProbabilities(common.history);
  const share = ts.filter((at) => at === 0).length / count;
  t.true(Math.abs(share - p[0]!) < 4 * Math.sqrt(p[0]! / count), `${share} ${p[0]}`);
  ts.forEach((at, i) => t.is(weights![i], Math.fround(1 / (T * p[at]!))));
  const mean = weights!.reduce((a, b) => a + b) / count;
  t.true(Math.abs(mean - 1) < 0.01, `${mean}`);
});

test('what a sampler needs must be given', (t) => {
  const args = { numTimesteps: T, seed: 1, position: 0n, count: 2 };
  t.throws(() => drawTimesteps({ ...args, sampler: 'stratified' }), { instanceOf: RangeError });
  t.throws(() => drawTimesteps({ ...args, sampler: 'lossSecondMoment' }), { instanceOf: RangeError });
});
