import test from 'ava';
import {
  drawByProbability,
  emptyLossHistory,
  importanceWeights,
  isWarmedUp,
  timestepProbabilities,
  updateLossHistory,
  type LossHistory,
} from '../../src/index.js';
import { golden, near, reference } from '../support/golden.js';

const want = golden.loss_second_moment;

function goldenHistory(): LossHistory {
  let history = emptyLossHistory(want.T, want.history_per_term);
  want.history.forEach((losses: number[], t: number) => {
    history = updateLossHistory(
      history,
      losses.map(() => t),
      losses,
    );
  });
  return history;
}

test('golden probabilities and weights', (t) => {
  const p = timestepProbabilities(goldenHistory(), want.uniform_prob);
  const weights = importanceWeights(p);
  want.p.forEach((value: number, i: number) => near(t, reference, p[i]!, value, `p ${i}`));
  want.importance_weight_per_t.forEach((w: number, i: number) =>
    near(t, reference, weights[i]!, w, `weight ${i}`),
  );
});

test('uniform until every t has its ten losses', (t) => {
  let history = emptyLossHistory(3);
  const values = (value: number, length: number) => Array.from({ length }, () => value);
  const feed = (at: number, times: number) => {
    history = updateLossHistory(history, values(at, times), values(at + 1, times));
  };
  feed(0, 10);
  feed(1, 25);
  feed(2, 9);
  t.false(isWarmedUp(history));
  t.deepEqual([...timestepProbabilities(history)], [1 / 3, 1 / 3, 1 / 3]);
  feed(2, 1);
  t.true(isWarmedUp(history));
  const p = timestepProbabilities(history);
  t.true(p[0]! < p[1]! && p[1]! < p[2]!);
  near(t, reference, p[2]!, 0.999 / 2 + 0.001 / 3, 'p');
});

test('a full row forgets its oldest loss, and the input is left as it was', (t) => {
  const before = updateLossHistory(emptyLossHistory(2, 3), [1, 1, 1], [10, 20, 30]);
  const copy = structuredClone(before);
  const after = updateLossHistory(before, [1, 0, 1], [40, 5, 50]);
  t.deepEqual([...after.losses], [5, 0, 0, 30, 40, 50]);
  t.deepEqual([...after.counts], [1, 3]);
  t.deepEqual(before, copy);
});

test('losses that are all zero leave t uniform', (t) => {
  const history = updateLossHistory(emptyLossHistory(2, 1), [0, 1], [0, 0]);
  t.deepEqual([...timestepProbabilities(history)], [0.5, 0.5]);
});

test('each t owns its share of [0, 1)', (t) => {
  const p = Float64Array.of(0.25, 0, 0.5, 0.25);
  t.deepEqual(
    [0, 0.2499, 0.25, 0.7499, 0.75, 1 - 2 ** -53].map((u) => drawByProbability(p, u)),
    [0, 0, 2, 2, 3, 3],
  );
});

test('what does not fit the history is refused', (t) => {
  const history = emptyLossHistory(3);
  for (const [ts, losses] of [
    [[3], [1]],
    [[-1], [1]],
    [[0, 1], [1]],
  ] as const) {
    t.throws(() => updateLossHistory(history, ts, losses), { instanceOf: RangeError });
  }
});
