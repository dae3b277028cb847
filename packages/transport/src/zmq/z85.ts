const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** ZeroMQ's printable form of binary keys (https://rfc.zeromq.org/spec/32): 4 bytes become 5 characters. */
export function encodeZ85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) throw new RangeError(`Z85 encodes multiples of 4 bytes, not ${bytes.length}`);
  let out = '';
  for (let at = 0; at < bytes.length; at += 4) {
    let value = bytes[at]! * 2 ** 24 + bytes[at + 1]! * 2 ** 16 + bytes[at + 2]! * 2 ** 8 + bytes[at + 3]!;
    let word = '';
    for (let i = 0; i < 5; i++) {
      word = DIGITS[value % 85]! + word;
      value = Math.floor(value / 85);
    }
    out += word;
  }
  return out;
}
