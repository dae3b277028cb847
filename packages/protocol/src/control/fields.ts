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
/** Shown on terminals: no control characters. */
export const words = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
export const text = (maxLength: number) => Type.String({ maxLength });
/** Slots [start, end). */
export const run = Type.Object({ start: slot, end: slot });
export const runs = Type.Array(run, { maxItems: 4096 });
/** One named array of the training state, float32. */
export const section = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 128 }),
  count: Type.Integer({ minimum: 0, maximum: 2 ** 40 }),
});
/** Memory that another process of the host can map: as descriptor `fd` of process `pid`; `token` lies behind its bytes. */
export const segment = {
  /** Its number among its maker's. */
  segment: uint32,
  pid: uint32,
  fd: uint32,
  sizeBytes: Type.Integer({ minimum: 1, maximum: 2 ** 40 }),
  token: Type.String({ pattern: '^[0-9a-f]{32}$' }),
};
export const weights = Type.Union([Type.Literal('raw'), Type.Number({ minimum: 0, maximum: 1 })]);

export const layoutEntry = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  shape: Type.Array(uint32, { maxItems: 8 }),
});

export const engine = Type.Object({
  kind: Type.Union([Type.Literal('tensorflow'), Type.Literal('wasm')]),
  version: text(64),
  device: text(256),
  threads: uint32,
});

/** What a worker holds: a state, and the journal line whose commit led to it (null at step 0). */
export const held = Type.Object({ globalStep: step, lineHash: Type.Union([sha256Hex, Type.Null()]) });

/** Where a worker gets the state of its first step. */
export const stateSource = Type.Union([
  Type.Object({ from: Type.Literal('seed'), globalStep: Type.Literal(0) }),
  Type.Object({ from: Type.Literal('held'), globalStep: step }),
  Type.Object({
    from: Type.Literal('checkpoint'),
    globalStep: step,
    /** The store as the coordinator names it. */
    location: text(4096),
    digest: sha256Hex,
  }),
  /** `transfer` brings it. */
  Type.Object({ from: Type.Literal('peer'), globalStep: step, transfer: uint32 }),
]);
