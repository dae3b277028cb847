import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { segmentsAddon } from './addon.js';

/** How another process of this host finds a segment, and knows that it is the one that was meant. */
export interface SegmentHandle {
  readonly pid: number;
  readonly fd: number;
  /** Bytes that it holds for its users. */
  readonly sizeBytes: number;
  /** 32 hex digits, which also lie behind those bytes. */
  readonly token: string;
}

/** A segment that this process has made. */
export interface OwnSegment {
  readonly handle: SegmentHandle;
  readonly bytes: Uint8Array;
  /** Gives the memory back when the last mapping, here or elsewhere, is gone. */
  close(): void;
}

const TOKEN_BYTES = 16;

/** Of the free memory that one segment may take. */
const MAX_SHARE = 0.5;

interface Addon {
  create(sizeBytes: number): number;
  open(pid: number, fd: number, sizeBytes: number): number;
  close(fd: number): void;
  map(fd: number, sizeBytes: number, writable: boolean): ArrayBuffer;
  add(out: Float32Array, left: Float32Array, right: Float32Array): number;
}

/**
 * Memory that processes of one user on one host share: segments of fixed size without a name in any file system. One
 * ends with the last process that uses it, so that nothing is left behind by whoever is killed, and `/dev/shm` may be
 * as small as it likes.
 */
export class SharedMemory {
  readonly addonPath: string;
  readonly #addon: Addon;

  /** @throws Error where the addon does not load */
  constructor(addonPath: string) {
    this.addonPath = addonPath;
    this.#addon = createRequire(import.meta.url)(addonPath) as Addon;
  }

  /** @throws Error where there is no such addon */
  static async open(): Promise<SharedMemory> {
    return new SharedMemory(await segmentsAddon());
  }

  /** @throws Error where there is not so much memory */
  create(sizeBytes: number): OwnSegment {
    const all = sizeBytes + TOKEN_BYTES;
    const free = process.availableMemory();
    // Taking more than there is would not fail: the system would end some process.
    if (all > free * MAX_SHARE) throw new Error(`${all} bytes are asked for, ${free} are free`);
    const fd = this.#addon.create(all);
    const bytes = new Uint8Array(this.#addon.map(fd, all, true));
    const token = randomBytes(TOKEN_BYTES);
    bytes.set(token, sizeBytes);
    return {
      handle: { pid: process.pid, fd, sizeBytes, token: token.toString('hex') },
      bytes: bytes.subarray(0, sizeBytes),
      close: () => this.#addon.close(fd),
    };
  }

  /**
   * A segment of this process or another one, to read.
   * @throws Error where it is out of reach, or not the one that the handle names
   */
  view({ pid, fd, sizeBytes, token }: SegmentHandle): Uint8Array {
    const all = sizeBytes + TOKEN_BYTES;
    const own = this.#addon.open(pid, fd, all);
    try {
      const bytes = new Uint8Array(this.#addon.map(own, all, false));
      if (Buffer.from(bytes.subarray(sizeBytes)).toString('hex') !== token)
        throw new Error(`descriptor ${fd} of process ${pid} is another segment`);
      return bytes.subarray(0, sizeBytes);
    } finally {
      this.#addon.close(own);
    }
  }

  /** A segment of this process, to write, for another thread than its maker's. */
  rewrite({ fd, sizeBytes }: SegmentHandle): Uint8Array {
    return new Uint8Array(this.#addon.map(fd, sizeBytes + TOKEN_BYTES, true)).subarray(0, sizeBytes);
  }

  /** out = left + right, each sum rounded to float32; `out` may be one of the others. @returns `sumSquares(out)` */
  add(out: Float32Array, left: Float32Array, right: Float32Array): number {
    return this.#addon.add(out, left, right);
  }
}
