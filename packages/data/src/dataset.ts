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
  /** 0 where the images have no labels. */
  readonly numClasses: number;
  /** Name of each class; empty where the images have no labels. */
  readonly classNames: readonly string[];
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
  /** Class of each image, or undefined where the images have no labels. */
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
