import type { ParamSpec } from '@ddpm-fleet/model';
import { featureSize, levelsOf } from '../launch/featureSize.js';

/**
 * Multiply-adds of one image's forward pass times two: convolutions, matmuls and attention. A training step is three
 * times that: forward, gradient of the inputs, gradient of the weights.
 */
export function forwardFlops(specs: readonly ParamSpec[], imageSize: number): number {
  const levels = levelsOf(specs.map(({ name }) => name));
  return specs.reduce((sum, { name, shape }) => {
    if (!name.endsWith('/W')) return sum;
    const pixels = isPerImage(name) ? 1 : featureSize(name, imageSize, levels) ** 2;
    const product = 2 * pixels * shape.reduce((a, b) => a * b, 1);
    // q K^T and the weighted sum of V, once an attention block.
    const attention = name.endsWith('/q/W') ? 4 * pixels ** 2 * shape[0]! : 0;
    return sum + product + attention;
  }, 0);
}

function isPerImage(name: string): boolean {
  return name.startsWith('temb/') || name.includes('temb_proj');
}
