import { endingOf } from '../storage/storage.js';

/** Of pictures that are decoded; the contents decide what they are. */
const DECODED = new Set([
  ...['.png', '.apng', '.jpg', '.jpeg', '.jpe', '.jfif', '.webp', '.gif', '.tif', '.tiff', '.avif'],
  ...['.bmp', '.dib', '.ppm', '.pgm', '.pbm', '.pnm', '.tga', '.ico', '.cur', '.qoi', '.pcx', '.sgi'],
]);

/** Of other pictures that people keep sets in: leaving them out is worth saying. */
const OTHERS = new Set([
  ...[
    '.icns',
    '.xbm',
    '.xpm',
    '.heic',
    '.heif',
    '.jp2',
    '.j2k',
    '.jpx',
    '.jxl',
    '.jxr',
    '.dds',
    '.exr',
    '.hdr',
  ],
  ...[
    '.pfm',
    '.psd',
    '.svg',
    '.eps',
    '.pdf',
    '.fits',
    '.dcm',
    '.nii',
    '.npy',
    '.npz',
    '.mat',
    '.raw',
    '.dng',
  ],
  ...['.cr2', '.nef', '.arw'],
]);

export function isDecoded(name: string): boolean {
  return DECODED.has(endingOf(name));
}

/** What needs to be there, for errors. */
export const DECODED_LIST = 'a .png, .jpg, .webp, .gif, .tiff, .avif, .bmp, .ppm or .tga file';

/** Counts by ending of pictures that are not read; undefined where there are none. */
export function leftOut(others: ReadonlyMap<string, number>): { count: number; list: string } | undefined {
  const pictures = [...others].filter(([ending]) => OTHERS.has(ending));
  const count = pictures.reduce((sum, [, n]) => sum + n, 0);
  return count > 0 ? { count, list: listOf(new Map(pictures)) } : undefined;
}

/** `12 .bmp, 3 .txt`, the most first. */
export function listOf(others: ReadonlyMap<string, number>): string {
  const sorted = [...others].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return sorted.map(([ending, n]) => `${n} ${ending || 'without ending'}`).join(', ');
}
