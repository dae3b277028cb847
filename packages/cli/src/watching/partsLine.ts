import { goodput, PART_NAMES, sumOfParts, type Parts } from '@ddpm-fleet/telemetry';

/** `goodput 81 %: compute 70 %, exchange 11 %, waiting 12 %, starting 7 %`: what there is of each part, in its order. */
export function partsLine(parts: Parts): string {
  const all = sumOfParts(parts);
  if (all === 0) return 'no worker has been here yet';
  const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
  const list = PART_NAMES.filter((part) => (parts[part] ?? 0) / all >= 0.0005);
  return `goodput ${percent(goodput(parts))}: ${list.map((part) => `${part} ${percent(parts[part]! / all)}`).join(', ')}`;
}
