import { filledWith, type KernelCall } from '../kernels/kernel.js';
import { sameShape } from '../kernels/kernel.js';
import type { Output } from '../graph/graph.js';

/**
 * x * (u >= rate ? scale : 0) with u drawn for every element of x, as one operation that draws u itself; undefined
 * where `mask` is something else. Forward and backward both have this product, so that u is never stored.
 */
export function dropout({ graph }: KernelCall, x: Output, mask: Output): Output | undefined {
  const [condition, kept, dropped] = mask.node.op === 'SelectV2' ? mask.node.inputs : [];
  if (condition?.node.op !== 'GreaterEqual' || !sameShape(x.shape, mask.shape)) return undefined;
  const [uniform, rate] = condition.node.inputs as [Output, Output];
  const draw = uniform.node.op === 'Reshape' ? uniform.node.inputs[0]! : uniform;
  if (draw.node.op !== 'StatelessRandomUniformV2' || filledWith(dropped!) !== 0) return undefined;
  const [threshold, scale] = [filledWith(rate), filledWith(kept!)];
  if (threshold === undefined || scale === undefined) return undefined;
  const [, key, counter] = draw.node.inputs as [Output, Output, Output];
  return graph.add(
    'FleetDropout',
    [x, key, counter],
    { rate: { float: threshold }, scale: { float: scale } },
    x,
  );
}
