/** A NaN or infinity that a slot produced. */
export interface NonFinite {
  readonly slot: number;
  readonly what: 'loss' | 'gradient';
  /** Stream positions of the images whose loss is not finite; of all images of the slot for a gradient. */
  readonly positions: readonly bigint[];
  /** The t of these images. */
  readonly t: readonly number[];
}

/** What is not finite about a slot, or undefined. */
export function findNonFinite(
  slot: number,
  position: bigint,
  loss: Float32Array,
  t: Int32Array,
  magnitude: number,
): NonFinite | undefined {
  const all = Array.from(loss, (_, i) => i);
  const bad = all.filter((i) => !Number.isFinite(loss[i]));
  if (bad.length === 0 && Number.isFinite(magnitude)) return undefined;
  const images = bad.length > 0 ? bad : all;
  return {
    slot,
    what: bad.length > 0 ? 'loss' : 'gradient',
    positions: images.map((i) => position + BigInt(i)),
    t: images.map((i) => t[i]!),
  };
}
