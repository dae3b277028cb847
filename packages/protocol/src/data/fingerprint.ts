/** A 64-bit fingerprint (signed or unsigned) as the protocol spells it. */
export function fingerprintText(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}
