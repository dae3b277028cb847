import { damaged, headerLength, parseHeader, type SafetensorsHeader, type TensorHeader } from './header.js';

/** Where the bytes of a tensor go; its length must be that of the tensor. */
export type Destination = (tensor: TensorHeader, header: SafetensorsHeader) => Uint8Array;

/**
 * Reads a safetensors file that arrives in pieces, once, front to back: the header first, then each tensor straight
 * into the memory that `destination` gives for it.
 */
export class SafetensorsDecoder {
  readonly #file: string;
  readonly #destination: Destination;
  #head = Buffer.alloc(8);
  #filled = 0;
  #header: SafetensorsHeader | undefined;
  #next = 0;
  #target: Uint8Array | undefined;

  constructor(file: string, destination: Destination) {
    this.#file = file;
    this.#destination = destination;
  }

  /** @throws DDPM_ERR_SAFETENSORS */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#header ? this.#pushData(chunk.subarray(at)) : this.#pushHead(chunk.subarray(at));
    }
    if (this.#header) this.#advance();
  }

  /** @throws DDPM_ERR_SAFETENSORS when the file ended early */
  finish(): SafetensorsHeader {
    const header = this.#header;
    if (!header) throw damaged(this.#file, 'it ends inside the header');
    if (this.#next < header.tensors.length) {
      throw damaged(this.#file, `it ends inside tensor ${header.tensors[this.#next]!.name}`);
    }
    return header;
  }

  #pushHead(chunk: Uint8Array): number {
    const taken = this.#fill(this.#head, chunk);
    if (this.#filled < this.#head.length) return taken;
    if (this.#head.length === 8) {
      const length = headerLength(this.#head, this.#file);
      this.#head = Buffer.concat([this.#head, Buffer.alloc(length)]);
    }
    if (this.#filled === this.#head.length) {
      this.#header = parseHeader(this.#head.subarray(8), this.#file);
      this.#filled = 0;
      this.#advance();
    }
    return taken;
  }

  #pushData(chunk: Uint8Array): number {
    if (!this.#target) throw damaged(this.#file, 'it goes on after its last tensor');
    const taken = this.#fill(this.#target, chunk);
    this.#advance();
    return taken;
  }

  #fill(target: Uint8Array, chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, target.length - this.#filled);
    target.set(chunk.subarray(0, taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  /** Moves on while the current tensor is full; tensors without elements are full at once. */
  #advance(): void {
    const { tensors } = this.#header!;
    while (this.#next < tensors.length) {
      const tensor = tensors[this.#next]!;
      this.#target ??= this.#destination(tensor, this.#header!);
      if (this.#filled < tensor.end - tensor.start) return;
      this.#next++;
      this.#filled = 0;
      this.#target = undefined;
    }
  }
}
