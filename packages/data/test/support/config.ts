import type { DataConfig } from '@ddpm-fleet/config';

const BASE: DataConfig = {
  kind: 'synthetic',
  path: '',
  size: 0,
  category: '',
  split: 'train',
  channels: 3,
  resizeFilter: 'area',
  onBadImage: 'refuse',
  flip: true,
  heldOut: 2,
};

export function dataConfig(overrides: Partial<DataConfig>): DataConfig {
  return { ...BASE, ...overrides };
}
