import * as tf from '@tensorflow/tfjs-core';
import type { Output } from '../graph/graph.js';
import type { KernelTable } from '../kernels/kernel.js';

const FORWARD = 'FusedGroupNorm';
const BACKWARD = 'FusedGroupNormGrad';

interface Attrs {
  readonly groups: number;
  readonly epsilon: number;
  readonly activation: 'silu' | 'none';
}

/**
 * Kernels that tfjs does not have and a model may call where they are registered: inputs x [B, N, C], gain and bias
 * [1 or B, C], offset [B, C]; attrs `Attrs`; outputs act(groupNorm(x + offset)) [B, N, C] and what its gradient needs.
 */
export const GROUP_NORM: KernelTable = {
  [FORWARD]: ({ graph, inputs, attrs }) => {
    const { x, gain, bias, offset } = inputs as Record<'x' | 'gain' | 'bias' | 'offset', Output>;
    const { groups, epsilon, activation } = attrs as unknown as Attrs;
    const [B, , C] = x.shape as [number, number, number];
    return graph.addMany(
      'FleetGroupNorm',
      [x, gain, bias, offset],
      { groups: { int: groups }, epsilon: { float: epsilon }, silu: { bool: activation === 'silu' } },
      [x, { shape: [2, B, C], dtype: 'float32' }],
    );
  },
  [BACKWARD]: ({ graph, inputs, attrs }) => {
    const { dz, x, gain, bias, stats } = inputs as Record<'dz' | 'x' | 'gain' | 'bias' | 'stats', Output>;
    const { groups, activation } = attrs as unknown as Attrs;
    const perImage = { shape: [x.shape[0]!, x.shape[2]!], dtype: 'float32' } as const;
    return graph.addMany(
      'FleetGroupNormGrad',
      [dz, x, gain, bias, stats],
      { groups: { int: groups }, silu: { bool: activation === 'silu' } },
      [x, perImage, perImage, perImage],
    );
  },
};

/** Tells tfjs-core's autodiff what the gradient of the forward kernel is; once a process. */
export function registerGroupNormGradient(): void {
  if (tf.getGradient(FORWARD)) return;
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ['x', 'gain', 'bias'],
    outputsToSave: [false, true],
    gradFunc: (dy, saved, attrs) => {
      const [x, gain, bias, stats] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const dz = (dy as tf.Tensor[])[0]!;
      const grads = tf.engine().runKernel(BACKWARD, { dz, x, gain, bias, stats }, attrs);
      const [dx, dGain, dBias, dOffset] = grads as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      return {
        x: () => dx,
        gain: () => (gain.shape[0] === 1 ? tf.sum(dGain, 0, true) : dGain),
        bias: () => (bias.shape[0] === 1 ? tf.sum(dBias, 0, true) : dBias),
        offset: () => dOffset,
      };
    },
  });
}
