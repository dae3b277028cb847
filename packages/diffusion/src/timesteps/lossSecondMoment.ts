/** Losses remembered for each t. */
const HISTORY_PER_TERM = 10;
/** Share of the distribution that is uniform, so that no t is forgotten. */
const UNIFORM_PROB = 0.001;

/**
 * The last losses of each t: derived state of a training run, part of its digest and its checkpoints. Never
 * changed in place.
 */
export interface LossHistory {
  /** [T * historyPerTerm], row t oldest first; zero where nothing is yet. */
  readonly losses: Float32Array;
  /** [T]: how many of row t are filled. */
  readonly counts: Float32Array;
}

export function emptyLossHistory(numTimesteps: number, historyPerTerm = HISTORY_PER_TERM): LossHistory {
  return {
    losses: new Float32Array(numTimesteps * historyPerTerm),
    counts: new Float32Array(numTimesteps),
  };
}

/**
 * The history after a step, whose images had these t and these unweighted losses, in stream order.
 * @throws RangeError when the two have not one length, or a t is outside the history
 */
export function updateLossHistory(
  history: LossHistory,
  ts: ArrayLike<number>,
  losses: ArrayLike<number>,
): LossHistory {
  if (ts.length !== losses.length) throw new RangeError(`${ts.length} timesteps but ${losses.length} losses`);
  const next = { losses: history.losses.slice(), counts: history.counts.slice() };
  const depth = depthOf(history);
  for (let i = 0; i < ts.length; i++) {
    const t = ts[i]!;
    const count = next.counts[t];
    if (count === undefined) throw new RangeError(`t ${t} is not in [0, ${next.counts.length})`);
    const row = next.losses.subarray(t * depth, (t + 1) * depth);
    if (count === depth) row.copyWithin(0, 1);
    else next.counts[t] = count + 1;
    row[Math.min(count, depth - 1)] = losses[i]!;
  }
  return next;
}

/** Every t has a full history; before that t is drawn uniformly. */
export function isWarmedUp(history: LossHistory): boolean {
  const depth = depthOf(history);
  return history.counts.every((count) => count === depth);
}

/** Probability of each t: proportional to the root mean square of its losses (Nichol and Dhariwal 2021, eq. 18). */
export function timestepProbabilities(history: LossHistory, uniformProb = UNIFORM_PROB): Float64Array {
  const numTimesteps = history.counts.length;
  const uniform = new Float64Array(numTimesteps).fill(1 / numTimesteps);
  if (!isWarmedUp(history)) return uniform;
  const depth = depthOf(history);
  const roots = Float64Array.from(uniform, (_, t) => {
    let sum = 0;
    for (let i = t * depth; i < (t + 1) * depth; i++) sum += history.losses[i]! ** 2;
    return Math.sqrt(sum / depth);
  });
  const total = roots.reduce((sum, root) => sum + root, 0);
  if (!(total > 0)) return uniform;
  return roots.map((root) => (root / total) * (1 - uniformProb) + uniformProb / numTimesteps);
}

/** The t whose share of [0, 1) holds `uniform`. */
export function drawByProbability(probabilities: Float64Array, uniform: number): number {
  let below = 0;
  for (let t = 0; t < probabilities.length - 1; t++) {
    below += probabilities[t]!;
    if (uniform < below) return t;
  }
  return probabilities.length - 1;
}

/** Weight of the loss at each t that keeps the mean what uniform t would give: 1 / (T p). */
export function importanceWeights(probabilities: Float64Array): Float64Array {
  return probabilities.map((p) => 1 / (probabilities.length * p));
}

function depthOf({ losses, counts }: LossHistory): number {
  return losses.length / counts.length;
}
