import { drawBits } from '@ddpm-fleet/core';
import type { ImageReader, Source } from '../reader.js';

const COUNT = 1024;
const CLASSES = ['disc', 'square', 'stripes', 'gradient'] as const;
/** Purpose word of the patterns' Philox key; data are no part of a run's random streams. */
const PATTERN = 0x64617461;

/** Simple shapes of random place, size and colour: 1,024 images for tests and for trying things out. */
export async function locateSynthetic(size: number, channels: number): Promise<Source> {
  const imageSize = size || 16;
  const open = async (): Promise<ImageReader> => ({
    count: COUNT,
    labelling: {
      labels: Int32Array.from({ length: COUNT }, (_, index) => index % CLASSES.length),
      ...{ classNames: CLASSES, isText: false },
    },
    licence: 'made by this program; no rights reserved',
    read: async (index) => ({
      kind: 'pixels',
      width: imageSize,
      height: imageSize,
      channels: channels === 1 ? 1 : 3,
      data: drawPattern(index, imageSize, channels),
    }),
    place: (index) => `synthetic image ${index}`,
    close: async () => {},
  });
  return { name: 'synthetic', files: [], open };
}

function drawPattern(index: number, size: number, channels: number): Uint8Array {
  const words = drawBits({ seed: 0, purpose: PATTERN, counter: BigInt(index) * 4n }, 1, 16);
  const fraction = (word: number) => words[word]! / 2 ** 32;
  const inside = coverage(CLASSES[index % CLASSES.length]!, fraction);
  const out = new Uint8Array(size * size * channels);
  for (let i = 0; i < size * size; i++) {
    const cover = inside(((i % size) + 0.5) / size, (Math.floor(i / size) + 0.5) / size);
    for (let c = 0; c < channels; c++) {
      out[i * channels + c] = Math.round(255 * (cover * fraction(8 + c) + (1 - cover) * fraction(12 + c)));
    }
  }
  return out;
}

/** How much of the pattern shows at (x, y) in [0, 1): 1 the figure, 0 the ground. */
function coverage(kind: (typeof CLASSES)[number], fraction: (word: number) => number) {
  const [cx, cy, radius] = [0.25 + fraction(0) / 2, 0.25 + fraction(1) / 2, 0.15 + fraction(2) / 4];
  const shapes: Record<typeof kind, (x: number, y: number) => number> = {
    disc: (x, y) => ((x - cx) ** 2 + (y - cy) ** 2 < radius ** 2 ? 1 : 0),
    square: (x, y) => (Math.max(Math.abs(x - cx), Math.abs(y - cy)) < radius ? 1 : 0),
    stripes: (x, y) => Math.floor((fraction(3) < 0.5 ? x : y) * (3 + Math.floor(fraction(2) * 4))) % 2,
    gradient: (x, y) => (fraction(3) < 0.5 ? x : y),
  };
  return shapes[kind];
}
