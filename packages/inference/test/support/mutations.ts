import { viewOf } from '@ddpm-fleet/core';
import type { TrainedModel } from '../../src/index.js';

/** A setting of an exported folder that is wrong, or left out. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  change(json: Record<string, unknown>): Record<string, unknown>;
}

const UNET = 'unet/config.json';
const SCHEDULER = 'scheduler/scheduler_config.json';

function set(file: string, key: string, value: unknown): Mutation {
  return { name: `${key} is ${JSON.stringify(value)}`, file, change: (json) => ({ ...json, [key]: value }) };
}

function leaveOut(file: string, key: string): Mutation {
  return {
    name: `${key} is left out`,
    file,
    change: (json) => Object.fromEntries(Object.entries(json).filter(([name]) => name !== key)),
  };
}

/** Each of these loads into diffusers without a word, for the network and schedule of the quickstart. */
export const MUTATIONS: readonly Mutation[] = [
  set(UNET, 'norm_eps', 1e-5),
  leaveOut(UNET, 'norm_eps'),
  set(UNET, 'flip_sin_to_cos', true),
  leaveOut(UNET, 'flip_sin_to_cos'),
  set(UNET, 'freq_shift', 0),
  leaveOut(UNET, 'freq_shift'),
  set(UNET, 'downsample_padding', 1),
  leaveOut(UNET, 'downsample_padding'),
  set(UNET, 'attention_head_dim', 8),
  leaveOut(UNET, 'attention_head_dim'),
  set(UNET, 'norm_num_groups', 16),
  set(UNET, 'act_fn', 'relu'),
  set(UNET, 'mid_block_scale_factor', 2),
  set(UNET, 'center_input_sample', true),
  set(SCHEDULER, 'variance_type', 'fixed_large'),
  set(SCHEDULER, 'prediction_type', 'epsilon'),
  leaveOut(SCHEDULER, 'prediction_type'),
  set(SCHEDULER, 'beta_schedule', 'linear'),
  leaveOut(SCHEDULER, 'beta_schedule'),
  set(SCHEDULER, 'num_train_timesteps', 2000),
  set(SCHEDULER, 'clip_sample', false),
];

/** Weights in a wrong layout that has the right shape. */
export const WEIGHT_MUTATIONS: Readonly<Record<string, (model: TrainedModel, out: Float32Array) => void>> = {
  'a square matrix is not transposed': (model, out) => transposed(model, out, 'mid/attn_1/q/W'),
  'an output projection is not transposed': (model, out) => transposed(model, out, 'mid/attn_1/proj_out/W'),
  'a kernel has rows for columns': (model, out) => swappedKernel(model, out, 'mid/block_1/conv1/W'),
  'query and key change places': (model, out) => {
    viewOf(out, entryOf(model, 'mid/attn_1/q/W')).set(
      viewOf(model.weights, entryOf(model, 'mid/attn_1/k/W')),
    );
    viewOf(out, entryOf(model, 'mid/attn_1/k/W')).set(
      viewOf(model.weights, entryOf(model, 'mid/attn_1/q/W')),
    );
  },
  'a bias is zero': (model, out) => void viewOf(out, entryOf(model, 'conv_out/b')).fill(0),
};

export function mutatedWeights(name: string, model: TrainedModel): Float32Array {
  const out = model.weights.slice();
  WEIGHT_MUTATIONS[name]!(model, out);
  return out;
}

function entryOf({ layout }: TrainedModel, name: string): TrainedModel['layout']['entries'][number] {
  return layout.entries.find((entry) => entry.name === name)!;
}

function transposed(model: TrainedModel, out: Float32Array, name: string): void {
  const entry = entryOf(model, name);
  const [n] = entry.shape as [number, number];
  const [from, to] = [viewOf(model.weights, entry), viewOf(out, entry)];
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) to[j * n + i] = from[i * n + j]!;
}

/** [kh, kw, in, out] with kh and kw exchanged. */
function swappedKernel(model: TrainedModel, out: Float32Array, name: string): void {
  const entry = entryOf(model, name);
  const [k, , inC, outC] = entry.shape as [number, number, number, number];
  const [from, to] = [viewOf(model.weights, entry), viewOf(out, entry)];
  const size = inC * outC;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++)
      to.set(from.subarray((i * k + j) * size, (i * k + j + 1) * size), (j * k + i) * size);
  }
}
