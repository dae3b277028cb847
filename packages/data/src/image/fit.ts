import { resample, type ResizeFilter } from './resample.js';
import type { Pixels } from '../reader.js';

/** What every image of a data set becomes. */
export interface Fit {
  /** Pixels; images that are not square are cropped around their centre. */
  readonly size: number;
  readonly channels: 1 | 3;
  readonly filter: ResizeFilter;
}

/**
 * Composites alpha on white, converts the channels, crops the centre square and resizes it, in this order.
 * Grey is 0.299 R + 0.587 G + 0.114 B (Rec. 601).
 */
export function fitPixels(image: Pixels, fit: Fit): Uint8Array {
  const { size, channels } = fit;
  if (image.width === size && image.height === size && image.channels === channels) return image.data;
  const side = Math.min(image.width, image.height);
  const square = cropAndConvert(image, side, channels);
  return resample(square, channels, side, size, fit.filter);
}

function cropAndConvert(image: Pixels, side: number, channels: 1 | 3): Uint8Array {
  const left = Math.floor((image.width - side) / 2);
  const top = Math.floor((image.height - side) / 2);
  const out = new Uint8Array(side * side * channels);
  for (let y = 0; y < side; y++) {
    let from = ((top + y) * image.width + left) * image.channels;
    let to = y * side * channels;
    for (let x = 0; x < side; x++, from += image.channels, to += channels) {
      convertPixel(image.data, from, image.channels, out, to, channels);
    }
  }
  return out;
}

function convertPixel(
  source: Uint8Array,
  from: number,
  fromChannels: number,
  out: Uint8Array,
  to: number,
  channels: number,
): void {
  const alpha = fromChannels === 4 ? source[from + 3]! : 255;
  const red = onWhite(source[from]!, alpha);
  const green = fromChannels === 1 ? red : onWhite(source[from + 1]!, alpha);
  const blue = fromChannels === 1 ? red : onWhite(source[from + 2]!, alpha);
  if (channels === 1) {
    out[to] = red === green && green === blue ? red : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    return;
  }
  out[to] = red;
  out[to + 1] = green;
  out[to + 2] = blue;
}

function onWhite(value: number, alpha: number): number {
  return alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
}
