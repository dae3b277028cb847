import type { Output } from '../graph/graph.js';
import type { KernelTable } from '../kernels/kernel.js';

interface AdamAttrs {
  /** Divides the root. */
  readonly count: number;
  /** 1 - beta1 and 1 - beta2 */
  readonly rateM: number;
  readonly rateV: number;
}

type AdamInputs = Record<'params' | 'm' | 'v' | 'root' | 'clip' | 'stepSize' | 'epsilon' | 'decay', Output>;

/**
 * Kernels that a trainer may call where they are registered, to the bit what the operations they stand for give.
 * `FusedAdam`: arrays params, m, v, root of one shape and scalars; attrs `AdamAttrs`; outputs the new params, m, v.
 * `FusedTowards`: old + (target - old) * weight.
 */
export const UPDATES: KernelTable = {
  FusedAdam: ({ graph, inputs, attrs }) => {
    const { params, m, v, root, clip, stepSize, epsilon, decay } = inputs as AdamInputs;
    const { count, rateM, rateV } = attrs as unknown as AdamAttrs;
    return graph.addMany(
      'FleetAdam',
      [params, m, v, root, clip, stepSize, epsilon, decay],
      { count: { float: count }, rate_m: { float: rateM }, rate_v: { float: rateV } },
      [params, m, v],
    );
  },
  FusedTowards: ({ graph, inputs }) => {
    const { old, target, weight } = inputs as Record<'old' | 'target' | 'weight', Output>;
    return graph.add('FleetTowards', [old, target, weight], {}, old);
  },
};
