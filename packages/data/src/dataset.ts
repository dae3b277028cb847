import type { Note } from '@ddpm-fleet/core';
import type { SourceSizes } from './tally.js';

/**
 * Images in a fixed order, decoded and fitted: uint8, HWC, imageSize x imageSize x channels. Index i is the same
 * image on every machine that prints the same `hash`.
 */
export interface Dataset {
  readonly name: string;
  /** Number of images, those that were skipped as broken not counted. */
  readonly size: number;
  /** Width and height in pixels. */
  readonly imageSize: number;
  readonly channels: number;
  /** Of the images before they were fitted. */
  readonly sizes: SourceSizes;
  /** Of the whole set, all splits together; 0 where it has no labels. */
  readonly numClasses: number;
  /** Name of each class. */
  readonly classNames: readonly string[];
  /** Labels that make no sense; their images count as unlabelled. */
  readonly unreadableLabels?: { readonly count: number; readonly first: string };
  /** Splits that the set tells apart. */
  readonly splits?: readonly string[];
  /** What was left out, changed or assumed when files were found, and when their images were decoded. */
  readonly notes: readonly Note[];
  /** sha256 (hex) over the decoded images in index order. */
  readonly hash: string;
  /** What one may do with the images, where that is known. */
  readonly licence?: string;
  /** Images that could not be read and were left out (onBadImage: skip). */
  readonly skipped: readonly SkippedImage[];
  /**
   * Writes image indices[j] to out[j * imageBytes ...]. Calls may overlap.
   * @throws DDPM_ERR_DATA_IMAGE, DDPM_ERR_DATA_CHANGED when the files are no longer what they were at opening
   */
  read(indices: ArrayLike<number>, out: Uint8Array): Promise<void>;
  /** Class of each image, NO_LABEL (-1) for one without; undefined where none has one. */
  labels(indices: ArrayLike<number>): Int32Array | undefined;
  close(): Promise<void>;
}

export interface SkippedImage {
  readonly place: string;
  readonly reason: string;
}

export function imageBytes({ imageSize, channels }: { imageSize: number; channels: number }): number {
  return imageSize * imageSize * channels;
}

/** The labels of `indices`, given those of all images. */
export function gatherLabels(
  all: Int32Array | undefined,
  indices: ArrayLike<number>,
): Int32Array | undefined {
  return all && Int32Array.from(indices, (index) => all[index]!);
}
