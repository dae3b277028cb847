/** Width in pixels of what the parameter `name` of a UNet of `levels` levels makes. */
export function featureSize(name: string, imageSize: number, levels: number): number {
  const [, side, digits] = /^(down|up)_(\d+)\//.exec(name) ?? [];
  const level = name.startsWith('mid/') ? levels - 1 : Number(digits ?? 0);
  const shift = name.includes('/downsample/') ? 1 : name.includes('/upsample/') && side === 'up' ? -1 : 0;
  return imageSize >> (level + shift);
}

export function levelsOf(names: readonly string[]): number {
  return 1 + Math.max(0, ...names.map((name) => Number(/^down_(\d+)\//.exec(name)?.[1] ?? 0)));
}
