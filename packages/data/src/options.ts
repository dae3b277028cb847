import type { S3Options } from '@ddpm-fleet/s3';

export interface OpenOptions {
  /** Directory of the cache. Default: data/ under DDPM_FLEET_HOME or ~/.cache/ddpm-fleet. */
  readonly home?: string;
  /** Data sets up to this many decoded bytes are held in memory. Default 256 MiB. */
  readonly memoryBytes?: number;
  /** Data sets up to this many decoded bytes are kept decoded in the cache. Default 8 GiB. */
  readonly cacheBytes?: number;
  /**
   * For data on S3: leave beside it what every other machine needs to read only the images it is asked for. Without
   * it, each machine reads all of the data once.
   */
  readonly publish?: boolean;
  /** Patience with a service that cannot be reached. */
  readonly s3?: S3Options;
  /** Told in words what was out of the ordinary. */
  readonly onNotice?: (this: void, text: string) => void;
  /** Called while the images are decoded for the first time. */
  readonly onProgress?: (this: void, done: number, total: number) => void;
}

export const DEFAULT_LIMITS = { memoryBytes: 256 * 2 ** 20, cacheBytes: 8 * 2 ** 30 };

export type Limits = OpenOptions & typeof DEFAULT_LIMITS;
