/**
 * Names of files are bytes and paths here are text. Bytes that are no UTF-8 become the halves of surrogate pairs
 * U+DC80 to U+DCFF, which no text has alone, and back (as Python's surrogateescape, PEP 383).
 */
export function textOfName(name: Buffer): string {
  const text = name.toString('utf8');
  if (!text.includes('\ufffd') || Buffer.from(text, 'utf8').equals(name)) return text;
  let out = '';
  for (let at = 0; at < name.length;) {
    const length = [1, 2, 3, 4].find((n) => isCharacter(name.subarray(at, at + n), n));
    out +=
      length === undefined ? String.fromCharCode(0xdc00 + name[at]!) : name.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return out;
}

/** What the file system is asked for: the bytes where text cannot say them. */
export function bytesOfPath(path: string): string | Buffer {
  if (!/[\udc80-\udcff]/u.test(path)) return path;
  const parts = Array.from(path, (character) => {
    const code = character.codePointAt(0)!;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character, 'utf8');
  });
  return Buffer.concat(parts);
}

function isCharacter(bytes: Buffer, length: number): boolean {
  const text = bytes.toString('utf8');
  return bytes.length === length && [...text].length === 1 && Buffer.from(text, 'utf8').equals(bytes);
}
