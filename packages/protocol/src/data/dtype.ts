/** What a payload's elements are. Values are on the wire: add, never change. */
export const Dtype = { none: 0, float32: 1, bfloat16: 2, imageRecord: 3 } as const;

export type DtypeCode = (typeof Dtype)[keyof typeof Dtype];
/** What a gradient sum may be made of. */
export type FloatDtype = typeof Dtype.float32 | typeof Dtype.bfloat16;

/** Bytes an element, by dtype code. An image record is (t int32, loss float32). */
export const DTYPE_BYTES: Readonly<Record<DtypeCode, number>> = { 0: 0, 1: 4, 2: 2, 3: 8 };

export function isDtype(code: number): code is DtypeCode {
  return code in DTYPE_BYTES;
}
