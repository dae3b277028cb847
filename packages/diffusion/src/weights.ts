import type { ModelMeanType } from './config.js';
import type { DiffusionTables } from './schedule/tables.js';

/**
 * Min-SNR loss weights (Hang et al. 2023): [T], for the squared error of what the model predicts. They clamp the
 * weight that the error of xStart has at low noise to `gamma`.
 */
export function minSnrWeights(
  tables: DiffusionTables,
  modelMeanType: Exclude<ModelMeanType, 'xPrev'>,
  gamma: number,
): Float64Array {
  return tables.snr.map((snr) => {
    const clamped = Math.min(snr, gamma);
    if (modelMeanType === 'xStart') return clamped;
    return modelMeanType === 'v' ? clamped / (snr + 1) : clamped / snr;
  });
}
