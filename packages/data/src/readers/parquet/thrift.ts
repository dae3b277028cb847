/** Types of the compact protocol. */
const Kind = { true: 1, false: 2, byte: 3, i64: 6, double: 7, binary: 8, list: 9, struct: 12 } as const;

/** Fields by their numbers; what is no whole number, flag or struct is passed over. */
export type ThriftStruct = ReadonlyMap<number, number | ThriftStruct>;

/** The bytes end within a struct. */
export class ThriftEnd extends Error {}

/** Reads structs of Thrift's compact protocol, as parquet writes the headers of pages. */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws ThriftEnd, Error for what is no struct */
  struct(): ThriftStruct {
    const fields = new Map<number, number | ThriftStruct>();
    for (let id = 0; ;) {
      const head = this.#byte();
      if ((head & 15) === 0) return fields;
      id = head >> 4 ? id + (head >> 4) : this.#whole();
      const value = this.#value(head & 15);
      if (value !== undefined) fields.set(id, value);
    }
  }

  #value(kind: number): number | ThriftStruct | undefined {
    if (kind === Kind.true || kind === Kind.false) return kind === Kind.true ? 1 : 0;
    if (kind === Kind.byte) return this.#byte();
    if (kind > Kind.byte && kind <= Kind.i64) return this.#whole();
    if (kind === Kind.struct) return this.struct();
    if (kind === Kind.double) this.#skip(8);
    else if (kind === Kind.binary) this.#skip(this.#varint());
    else if (kind === Kind.list) this.#list();
    else throw new Error(`there is no Thrift type ${kind}`);
    return undefined;
  }

  #list(): void {
    const head = this.#byte();
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    const kind = head & 15;
    const isFlag = kind === Kind.true || kind === Kind.false;
    for (let i = 0; i < length; i++) this.#value(isFlag ? Kind.byte : kind);
  }

  /** Zigzag. Exact below 2^53. */
  #whole(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    this.#skip(1);
    return this.#bytes[this.offset - 1]!;
  }

  #skip(count: number): void {
    this.offset += count;
    if (this.offset > this.#bytes.length) throw new ThriftEnd('the struct ends early');
  }
}
