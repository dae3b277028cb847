import Type from 'typebox';

/** Schemas of the fields that several messages share. */
export const step = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const uint32 = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const slot = Type.Integer({ minimum: 0, maximum: 1 << 24 });
export const workerId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' });
export const sha256Hex = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** A 64-bit fingerprint as 16 hex digits: JSON has no 64-bit integers. */
export const fingerprint = Type.String({ pattern: '^[0-9a-f]{16}$' });
export const line = Type.String({ maxLength: 1 << 18 });
export const text = (maxLength: number) => Type.String({ maxLength });
/** Slots [start, end). */
export const run = Type.Object({ start: slot, end: slot });
export const runs = Type.Array(run, { maxItems: 4096 });
/** One named array of the training state, float32. */
export const section = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 128 }),
  count: Type.Integer({ minimum: 0, maximum: 2 ** 40 }),
});
export const weights = Type.Union([Type.Literal('raw'), Type.Number({ minimum: 0, maximum: 1 })]);

export const layoutEntry = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  shape: Type.Array(uint32, { maxItems: 8 }),
});
