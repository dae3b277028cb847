/** A field of a protocol buffer message: a number for a varint, else its bytes. */
export interface ProtoField {
  readonly number: number;
  readonly int: number;
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array(0);

/** The fields of a message in the order in which they were written. */
export function* protoFields(message: Uint8Array): Generator<ProtoField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    const int = wireType === 0 ? varint() : 0;
    const size = wireType === 2 ? varint() : wireType === 1 ? 8 : wireType === 5 ? 4 : 0;
    const bytes = size > 0 ? message.subarray(at, at + size) : NONE;
    at += size;
    yield { number, int, bytes };
  }
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

/** The values of a field that is a list of varints, packed or not. */
export function ints(fields: readonly ProtoField[], number: number): number[] {
  return fields
    .filter((field) => field.number === number)
    .flatMap(({ bytes, int }) => (bytes.length > 0 ? unpacked(bytes) : [int]));
}

function unpacked(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length;) {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    values.push(value);
  }
  return values;
}
